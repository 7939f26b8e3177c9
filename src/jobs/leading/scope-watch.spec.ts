import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ScopeChangeRepository, ScopeChanges } from '../../storage/postgres/scope-change.repository.js';
import { ScopeWatch, type Step } from './scope-watch.js';

const WAIT = { next: 'WAIT' } as const;
const leadership = { scope: 'ftj_1', epoch: 1 };
const end = { fence: 7, trialId: 'trl_1' };

let rows: ScopeChanges;
let forgotten: unknown[];
let watch: ScopeWatch;
const step = vi.fn<() => Promise<Step>>();

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  rows = { version: '1', ends: [] };
  forgotten = [];
  const changes: Pick<ScopeChangeRepository, 'read' | 'forget'> = {
    read: () => Promise.resolve(rows),
    forget: (_, ends) => {
      forgotten.push(...ends);
      return Promise.resolve();
    },
  };
  watch = new ScopeWatch(changes as ScopeChangeRepository);
  step.mockReset().mockResolvedValue({ advance: WAIT, restsUntilMs: Infinity });
});

afterEach(() => {
  vi.useRealTimers();
});

const advance = () => watch.advance(leadership, step);

it('makes no step while nothing changes, and answers as the last one did', async () => {
  expect(await advance()).toBe(WAIT);
  expect(await advance()).toBe(WAIT);
  expect(step.mock.calls).toEqual([[undefined]]);
});

it('reports to a step the ends since the last, and forgets them after it', async () => {
  await advance();
  rows = { ...rows, ends: [end] };
  await advance();
  expect(step).toHaveBeenLastCalledWith([end]);
  expect(forgotten).toEqual([end]);
});

it('reports no news, but everything, when a row has changed', async () => {
  await advance();
  rows = { version: '2', ends: [end] };
  await advance();
  expect(step).toHaveBeenLastCalledWith(undefined);
});

it('forgets nothing when a step fails, and has everything looked at after it', async () => {
  await advance();
  rows = { ...rows, ends: [end] };
  step.mockRejectedValueOnce(new Error('the database is away'));
  await expect(advance()).rejects.toThrow('away');
  expect(forgotten).toEqual([]);
  await advance();
  expect(step).toHaveBeenLastCalledWith(undefined);
});

it('has everything looked at by another leader', async () => {
  await advance();
  await watch.advance({ ...leadership, epoch: 2 }, step);
  expect(step.mock.calls).toEqual([[undefined], [undefined]]);
});

it('makes the next step at once where there may be more to do, and when it is due', async () => {
  step.mockResolvedValueOnce({ advance: WAIT, restsUntilMs: 0 });
  await advance();
  step.mockResolvedValueOnce({ advance: WAIT, restsUntilMs: 5000 });
  await advance();
  expect(step).toHaveBeenCalledTimes(2);
  vi.setSystemTime(4999);
  await advance();
  expect(step).toHaveBeenCalledTimes(2);
  vi.setSystemTime(5000);
  await advance();
  expect(step.mock.calls).toEqual([[undefined], [[]], [[]]]);
});

it('makes a step a minute after the last whatever that has said', async () => {
  await advance();
  vi.setSystemTime(60_000);
  await advance();
  expect(step).toHaveBeenLastCalledWith([]);
});

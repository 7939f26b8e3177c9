import { trainersConfigSchema } from '../../src/config/config.js';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProcessPoolSettings, ProcessPool, type WorkerRequest } from '../../src/launch/process-pool.js';
import { createLogger } from '../../src/observability/logger.js';

// The machine: how many cores it has.
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  return { ...os, availableParallelism: vi.fn(os.availableParallelism) };
});

/** A worker that writes down what it was given, and ends as its scope's file says. */
const WORKER = `
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
const folder = process.env.WORKER_CACHE_DIR;
const scope = process.env.WORKER_TOKEN;
const note = JSON.stringify({ arguments: process.argv.slice(2), env: process.env });
const noteFile = folder + '/' + scope + '-' + process.pid;
// Whole or not at all, since the test reads it meanwhile.
const writeNote = () => {
  writeFileSync(noteFile + '.part', note);
  renameSync(noteFile + '.part', noteFile);
};
writeNote();
process.on('SIGTERM', () => process.exit(143));
process.on('disconnect', () => process.exit(1));
setInterval(() => {
  process.send('alive', writeNote);
  const file = folder + '/exit-' + scope;
  if (existsSync(file)) process.exit(Number(readFileSync(file, 'utf8')));
}, 20);
`;

let folder: string;
let pool: ProcessPool;
let pids: Map<number, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-'));
  writeFileSync(join(folder, 'worker.mjs'), WORKER);
  pool = poolOf(3);
});

afterEach(async () => {
  await pool.stopAll();
  rmSync(folder, { recursive: true, force: true });
});

/** A pool whose started and not yet ended workers are in `pids`. */
function poolOf(workerCountMax: number): ProcessPool {
  pids = new Map();
  const logger = createLogger('test', 'silent');
  vi.spyOn(logger, 'info').mockImplementation(((fields: { scope: string; pid: number }, event: string) => {
    if (event === 'worker started') pids.set(fields.pid, fields.scope);
    else pids.delete(fields.pid);
  }) as never);
  const systemEnvironment = { PATH: '/usr/bin' };
  const settings: ProcessPoolSettings = {
    workerCountMax,
    entry: join(folder, 'worker.mjs'),
    workerCacheDir: folder,
    workerCacheMibMax: 1,
    trainers: trainersConfigSchema.parse({}),
    logLevel: 'silent',
    systemEnvironment,
    logger,
  };
  return new ProcessPool(settings);
}

const request = (scope: string, workerCount: number): WorkerRequest => ({
  scope,
  workerCount,
  mintToken: () => scope,
  coordinatorAddress: '127.0.0.1:1',
});

const pidsOf = (scope: string) => [...pids].filter(([, workerScope]) => workerScope === scope).map(([pid]) => pid);
const soon = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });
const noteOf = (scope: string, pid: number) => join(folder, `${scope}-${pid}`);
const threadsOf = (scope: string, pid: number): string =>
  JSON.parse(readFileSync(noteOf(scope, pid), 'utf8')).env.WORKER_THREAD_COUNT;
const started = (scope: string) =>
  soon(() => pidsOf(scope).forEach((pid) => expect(existsSync(noteOf(scope, pid))).toBe(true)));

describe('a process pool', () => {
  it('gives one worker of a scope that has several to one that has none', async () => {
    pool.ensureWorkers(request('a', 3));
    await started('a');
    pool.ensureWorkers(request('b', 2));
    await soon(() => expect([pidsOf('a').length, pidsOf('b').length]).toEqual([2, 1]));
    pool.ensureWorkers(request('c', 1));
    await soon(() => expect([pidsOf('a').length, pidsOf('b').length, pidsOf('c').length]).toEqual([1, 1, 1]));
  });

  it('starts as many workers as were asked for, once', () => {
    pool.ensureWorkers(request('a', 2));
    pool.ensureWorkers(request('a', 2));
    expect(pidsOf('a')).toHaveLength(2);
  });

  it('gives a worker its scope and nothing that it has no need of', async () => {
    pool.ensureWorkers(request('a', 1));
    await started('a');
    const note = JSON.parse(readFileSync(noteOf('a', pidsOf('a')[0] ?? 0), 'utf8'));
    expect(note.arguments).toEqual(['worker']);
    const ours = [
      'COORDINATOR_ADDRESS',
      'LOG_LEVEL',
      'PATH',
      ...Object.keys(trainersConfigSchema.parse({})).sort(),
      'WORKER_CACHE_DIR',
      'WORKER_CACHE_MIB_MAX',
      'WORKER_THREAD_COUNT',
      'WORKER_TOKEN',
    ];
    // Node adds two for its channel.
    expect(
      Object.keys(note.env)
        .filter((name) => !name.startsWith('NODE_CHANNEL_'))
        .sort(),
    ).toEqual(ours);
  });

  it('gives every worker of a scope the same threads, however many of them run', async () => {
    vi.mocked(availableParallelism).mockReturnValue(16);
    pool.ensureWorkers(request('a', 3));
    await started('a');
    pool.ensureWorkers(request('b', 1));
    await soon(() => expect(pidsOf('a')).toHaveLength(2));
    const seen = new Set(pidsOf('a').map((pid) => threadsOf('a', pid)));
    await pool.stopWorkers('b');
    await soon(() => expect(pidsOf('a')).toHaveLength(3));
    await started('a');
    for (const pid of pidsOf('a')) seen.add(threadsOf('a', pid));
    expect([...seen]).toEqual(['5']);
  });

  it('gives workers the threads that a training has fixed, whatever the machine has', async () => {
    vi.mocked(availableParallelism).mockReturnValue(2);
    pool.ensureWorkers({ ...request('a', 2), threadCount: 8 });
    await started('a');
    expect(pidsOf('a').map((pid) => threadsOf('a', pid))).toEqual(['8', '8']);
  });

  it('stays within its bound over all scopes, and fills up when a scope ends', async () => {
    pool.ensureWorkers(request('a', 2));
    pool.ensureWorkers(request('b', 2));
    expect([pidsOf('a').length, pidsOf('b').length]).toEqual([2, 1]);
    await started('a');
    await pool.stopWorkers('a');
    expect([pidsOf('a').length, pidsOf('b').length]).toEqual([0, 2]);
  });

  it('starts a killed worker again', async () => {
    pool.ensureWorkers(request('a', 1));
    const [first = 0] = pidsOf('a');
    process.kill(first, 'SIGKILL');
    await soon(() => expect(pidsOf('a')).toEqual([expect.not.toSatisfy((pid) => pid === first)]));
  });

  describe('whose clock is the test', () => {
    const MINUTE_MS = 60_000;
    beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
    afterEach(() => vi.useRealTimers());

    it('kills a worker that is frozen, and starts another one', async () => {
      pool.ensureWorkers(request('a', 1));
      const [frozen = 0] = pidsOf('a');
      process.kill(frozen, 'SIGSTOP');
      vi.advanceTimersByTime(MINUTE_MS);
      await soon(() => expect(pidsOf('a')).toEqual([expect.not.toSatisfy((pid) => pid === frozen)]));
    });

    it('leaves a worker alone that shows a sign of life now and then', async () => {
      pool.ensureWorkers(request('a', 1));
      await started('a');
      const before = pidsOf('a');
      for (let minute = 0; minute < 2; minute += 1) {
        vi.advanceTimersByTime(MINUTE_MS / 2);
        const child = before[0] ?? 0;
        rmSync(noteOf('a', child));
        // It writes its note again with each sign.
        await soon(() => expect(existsSync(noteOf('a', child))).toBe(true));
      }
      expect(pidsOf('a')).toEqual(before);
    });
  });

  it('waits longer each time before it starts a crashed worker again', async () => {
    writeFileSync(join(folder, 'exit-a'), '1');
    const startMs = performance.now();
    const seen = new Set<number>();
    pool.ensureWorkers(request('a', 1));
    await soon(() => {
      for (const pid of pidsOf('a')) seen.add(pid);
      pool.ensureWorkers(request('a', 1));
      expect(seen.size).toBe(3);
    });
    expect(performance.now() - startMs).toBeGreaterThan(500 + 1000);
  });

  it('starts no worker again that found no work left', async () => {
    pool.ensureWorkers(request('a', 1));
    writeFileSync(join(folder, 'exit-a'), '0');
    await soon(() => expect(pidsOf('a')).toEqual([]));
    rmSync(join(folder, 'exit-a'));
    expect(pidsOf('a')).toEqual([]);
    pool.ensureWorkers(request('a', 1));
    expect(pidsOf('a')).toHaveLength(1);
  });

  it('leaves no process behind when it stops', async () => {
    pool.ensureWorkers(request('a', 2));
    pool.ensureWorkers(request('b', 1));
    const all = [...pids.keys()];
    expect(all).toHaveLength(3);
    await pool.stopAll();
    expect(all.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Evidence, JobRow, TaskVersion, TrainingRow, TrialRow } from './evidence.js';
import { violations } from './invariants.js';

const JUDGEMENT = { referenceJobId: 'calm', cancelSecondsMax: 64 };

const job = (id: string, changes: Partial<JobRow> = {}): JobRow => ({
  id,
  state: 'SUCCEEDED',
  error: null,
  isCancelAsked: false,
  ...changes,
});

const version = (changes: Partial<TaskVersion> = {}): TaskVersion => ({
  id: 'task',
  scope: 'storm',
  key: 'train/1',
  state: 'queued',
  fence: 0,
  claims: 0,
  resultDigest: null,
  isHeld: false,
  cancelledSeconds: null,
  ...changes,
});

const trial = (jobId: string, changes: Partial<TrialRow> = {}): TrialRow => ({
  id: `trial of ${jobId}`,
  jobId,
  place: 'SEARCH BIOTUNE 0/0',
  state: 'SUCCEEDED',
  genes: [0.25, 0.75],
  threshold: 0.5,
  lrMultipliers: [0, 3.2],
  fitness: 0.25,
  infeasibleReason: null,
  reusedTrialId: null,
  ...changes,
});

const training = (jobId: string, changes: Partial<TrainingRow> = {}): TrainingRow => ({
  jobId,
  trialId: `trial of ${jobId}`,
  state: 'succeeded',
  claims: 1,
  figure: 0.75,
  trainSeconds: 1,
  ...changes,
});

const LEASED = version({ state: 'leased', fence: 1, claims: 1, isHeld: true });
const DONE = version({ state: 'succeeded', fence: 2, claims: 2, resultDigest: 'a' });

/** Two jobs, the second of which was disturbed and came to the same. */
const GOOD: Evidence = {
  answers: [
    { key: 'first', jobId: 'storm' },
    { key: 'first', jobId: 'storm' },
  ],
  jobs: [job('calm'), job('storm'), job('unwanted', { state: 'CANCELLED', isCancelAsked: true })],
  taskVersions: [version(), LEASED, version({ fence: 1, claims: 1 }), DONE],
  trials: [trial('calm'), trial('storm')],
  trainings: [training('calm'), training('storm', { claims: 2 })],
  blobs: [{ name: 'weights', sha256: 'aa', foundSha256: 'aa' }],
  events: [{ jobId: 'storm', stored: [1, 2, 3], delivered: [1, 2, 3] }],
};

/** The invariants that do not hold when these parts of the evidence are others. */
const broken = (changes: Partial<Evidence>) => [
  ...new Set(violations({ ...GOOD, ...changes }, JUDGEMENT).map(({ invariant }) => invariant)),
];

it('has nothing to say against a run in which all held', () => {
  expect(violations(GOOD, JUDGEMENT)).toEqual([]);
});

describe('I1, nothing accepted is lost, is violated by', () => {
  it.each<[string, Partial<Evidence>]>([
    ['an answered job that is not there', { answers: [{ key: 'second', jobId: 'gone' }] }],
    ['a key that was answered with two jobs', { answers: [...GOOD.answers, { key: 'first', jobId: 'calm' }] }],
    ['a job that has not ended', { jobs: [job('calm'), job('storm', { state: 'RUNNING' })] }],
    ['a job that failed', { jobs: [job('calm'), job('storm', { state: 'FAILED' })] }],
    ['a job that was cancelled by nobody', { jobs: [job('calm'), job('storm', { state: 'CANCELLED' })] }],
  ])('%s', (_, changes) => expect(broken(changes)).toEqual(['I1']));
});

describe('I2, one result per evaluation, is violated by', () => {
  it.each<[string, TaskVersion[]]>([
    ['a result that was replaced', [DONE, { ...DONE, resultDigest: 'b' }]],
    ['a task that succeeded and runs again', [DONE, { ...DONE, state: 'leased', fence: 3 }]],
    ['a fence that goes back', [LEASED, { ...LEASED, fence: 0 }]],
    ['a fence of two tasks', [LEASED, { ...LEASED, id: 'other', key: 'train/2' }]],
    ['two tasks for one evaluation', [version(), version({ id: 'other' })]],
  ])('%s', (_, taskVersions) => expect(broken({ taskVersions })).toEqual(['I2']));
});

describe('I3, same seed and data give the same genomes, is violated by', () => {
  const storm = (changes: Partial<TrialRow>) => ({ trials: [trial('calm'), trial('storm', changes)] });

  it.each<[string, Partial<Evidence>]>([
    ['a gene that differs in its last bit', storm({ genes: [0.25, 0.75 + 2 ** -53] })],
    ['another threshold', storm({ threshold: 0.25 })],
    ['other rates', storm({ lrMultipliers: [0, 3] })],
    [
      'a fitness that differs in its last bit',
      {
        ...storm({ fitness: 0.25 + 2 ** -54 }),
        trainings: [training('calm'), training('storm', { figure: 0.75 - 2 ** -54 })],
      },
    ],
    ['a trial too few', { trials: [trial('calm')] }],
    ['a trial too many', { trials: [...GOOD.trials, trial('storm', { place: 'SEARCH BIOTUNE 9/9' })] }],
  ])('%s', (_, changes) => expect(broken(changes)).toContain('I3'));

  it('a reference without trials', () => expect(broken({ trials: [] })).toEqual(['I3']));
});

describe('I4, no fitness is invented, is violated by', () => {
  it.each<[string, Partial<Evidence>]>([
    ['a fitness without a training', { trainings: [training('calm')] }],
    ['a fitness whose training failed', { trainings: [training('calm'), training('storm', { state: 'failed' })] }],
    ['a fitness that its training did not give', { trainings: [training('calm'), training('storm', { figure: 0.5 })] }],
    [
      'a genome that is blamed for what the machines did',
      {
        trials: [trial('calm'), trial('storm', { state: 'INFEASIBLE', fitness: null, infeasibleReason: 'LEASE_LOST' })],
      },
    ],
    [
      'a repeated trial of another fitness',
      { trials: [...GOOD.trials, trial('calm', { id: 'copy', fitness: 0.25, reusedTrialId: 'missing' })] },
    ],
  ])('%s', (_, changes) => expect(broken(changes)).toEqual(['I4']));
});

describe('I5, what is referenced is whole, is violated by', () => {
  it.each<[string, string | null]>([
    ['other bytes', 'ab'],
    ['missing bytes', null],
  ])('%s', (_, foundSha256) => {
    expect(broken({ blobs: [{ name: 'weights', sha256: 'aa', foundSha256 }] })).toEqual(['I5']);
  });
});

describe('I6, each event is delivered in order, is violated by', () => {
  it.each<[string, number[], number[]]>([
    ['a gap', [1, 3], [1, 3]],
    ['a number that comes twice', [1, 1, 2], [1, 1, 2]],
    ['an event that was not delivered', [1, 2, 3], [1, 2]],
    ['no event at all', [], []],
  ])('%s', (_, stored, delivered) => {
    expect(broken({ events: [{ jobId: 'storm', stored, delivered }] })).toEqual(['I6']);
  });
});

describe('I7, a cancelled job stops, is violated by', () => {
  const held = (cancelledSeconds: number) => ({ ...LEASED, cancelledSeconds });

  it.each<[string, TaskVersion[]]>([
    ['a lease that is held for too long', [held(1), held(65)]],
    ['a lease that is given after the cancellation', [held(1), { ...held(3), claims: 2, fence: 2 }]],
  ])('%s', (_, taskVersions) => expect(broken({ taskVersions })).toEqual(['I7']));
});

import { expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import { type EvaluatedCandidate, priorOutcomes } from './prior-outcomes.js';

const BLOCKS = [{ id: 'stem' }, { id: 'stage' }, { id: 'head' }];

const request = createFineTuneJobSchema.parse({
  baseModel: 'a',
  dataset: 's3://bucket/prefix',
  search: { seed: 1, priors: 'PROJECT', biotune: { mode: 'ACCELERATED' } },
});

/** A job whose spec has these priors, by their multipliers. */
const jobWith = (...priors: readonly (readonly number[])[]) => ({
  id: 'this',
  project: 'p',
  spec: {
    ...request,
    search: { ...request.search, seed: 1 },
    data: { ...request.data, imageSizePx: 224 },
    reproducibility: 'RECORDED',
    output: { model: 'm' },
    warmStartGenomes: [],
    warmStartCandidates: [],
    priorCandidates: priors.map((lrMultipliers, index) => ({ job: `job ${index}`, distance: index, lrMultipliers })),
  } satisfies FineTuneJobSpec,
});

const trial = (
  id: string,
  lrMultipliers: readonly number[],
  change: Partial<EvaluatedCandidate> = {},
): EvaluatedCandidate => ({ id, method: 'BIOTUNE', generation: 0, lrMultipliers, ...change });

const nameOf = (id: string) => `projects/p/fineTuneJobs/this/trials/${id}`;

it('names the trial of each prior, and its place among the first generation, where equals share one', () => {
  const trials = [
    trial('best', [0, 1, 0], { fitness: 0.1 }),
    trial('second', [1, 1, 0], { fitness: 0.2 }),
    trial('as good', [1, 0, 0], { fitness: 0.2 }),
    trial('worst', [1, 1, 1], { fitness: 0.4 }),
    trial('of a later generation', [0, 2, 0], { fitness: 0.01, generation: 1 }),
    trial('of another search', [2, 2, 0], { fitness: 0.02, method: 'RANDOM_SEARCH' }),
  ];
  expect(priorOutcomes(jobWith([1, 0, 0], [1, 1, 1], [0, 1, 0]), BLOCKS, trials)).toEqual([
    { job: 'job 0', distance: 0, trial: nameOf('as good'), rank: 2 },
    { job: 'job 1', distance: 1, trial: nameOf('worst'), rank: 4 },
    { job: 'job 2', distance: 2, trial: nameOf('best'), rank: 1 },
  ]);
});

it('finds the trial of a prior whose rates were moved into their range', () => {
  const [outcome] = priorOutcomes(jobWith([10, 0, 0]), BLOCKS, [trial('moved', [6, 0, 0], { fitness: 0.3 })]);
  expect(outcome).toEqual({ job: 'job 0', distance: 0, trial: nameOf('moved'), rank: 1 });
});

it('names no trial of a prior that had no place, and no rank of a trial without a fitness', () => {
  const trials = [trial('cancelled', [1, 0, 0]), trial('other', [1, 1, 0], { fitness: 0.2 })];
  expect(priorOutcomes(jobWith([1, 0, 0], [0, 2, 0]), BLOCKS, trials)).toEqual([
    { job: 'job 0', distance: 0, trial: nameOf('cancelled') },
    { job: 'job 1', distance: 1 },
  ]);
});

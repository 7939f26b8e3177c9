import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../../src/domain/job/create-fine-tune-job.ts';
import { lrMultipliers } from '../../src/domain/job/genome.ts';
import { nearestRates } from '../../src/search/accelerated/rates.ts';
import { ARMS } from './arms.mjs';
import { genomeOf, jobRequest, requestOfCandidates } from './job-request.mjs';
import { TASKS } from './tasks.mjs';

const SIZES = { finalSeeds: 3, epochs: 10, population: undefined, generations: undefined };
const UNIT = {
  dataset: 'projects/bench/datasets/ds_01JZZZZZZZZZZZZZZZZZZZZZZZ/versions/1',
  task: TASKS['clothing-10'],
  searchSeed: 4,
};
const rules = Array.from({ length: 9 }, () => ({ policy: 'FREE' }));

describe('jobRequest', () => {
  it.each(Object.keys(ARMS))('of %s is a job that the service takes', (arm) => {
    expect(createFineTuneJobSchema.safeParse(jobRequest(UNIT, ARMS[arm], SIZES)).error).toBeUndefined();
  });

  it('lays what an arm changes over the accelerated search, and leaves the rest', () => {
    const { search, training } = jobRequest(UNIT, ARMS.NO_MOVES, SIZES);
    expect(search).toEqual({
      type: 'BIOTUNE',
      seed: 4,
      biotune: { mode: 'ACCELERATED' },
      accelerated: { usesMoves: false },
    });
    expect(training).toEqual({ epochCount: 10, batchSize: 32 });
  });

  it('has sizes that were asked for, with fewer elites than candidates', () => {
    const { biotune } = jobRequest(UNIT, ARMS.PAPER_FAST, { ...SIZES, population: 2, generations: 0 }).search;
    expect(biotune).toEqual({ mode: 'PAPER_FAST', populationSize: 2, eliteCount: 1, generationCount: 0 });
  });
});

describe('requestOfCandidates', () => {
  it.each([[[0.3]], [[1, 2, 3]]])('tries as many as are given, %j, in a job that the service takes', (rates) => {
    const candidates = rates.map((rate) => rules.map((_, block) => (block > 3 ? rate : 0)));
    const request = requestOfCandidates(jobRequest(UNIT, ARMS.TPE, SIZES), candidates);
    expect(createFineTuneJobSchema.safeParse(request).error).toBeUndefined();
    expect(request.budget).toEqual({ trialCountMax: candidates.length });
  });
});

it('genomeOf writes what the search reads as the same candidate', () => {
  const many = [0, 0.3, 0.5, 0.999, 1, 1.5, 2.34, 3, 0.3];
  const few = [0, 6, 0, 0, 5.5, 0, 0, 0, 1];
  for (const candidate of [many, few]) {
    const read = lrMultipliers(genomeOf(candidate), { usesRateGenes: true, blocks: rules });
    expect(nearestRates(read, rules)).toEqual(candidate);
  }
});

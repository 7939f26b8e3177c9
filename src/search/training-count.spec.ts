import { expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import { trainingCountAtOnce } from './training-count.js';

const countOf = (job: object) => {
  const spec = createFineTuneJobSchema.parse({ baseModel: 'a', dataset: 's3://bucket/prefix', baselines: [], ...job });
  return trainingCountAtOnce({ ...spec, search: { ...spec.search, seed: 1 } });
};

it('counts the elite steps, children and seeds of a generation', () => {
  expect(countOf({ search: { biotune: { mode: 'PAPER_FAST' } } })).toBe((2 * 3 + 7) * 3);
});

it('counts the first generation of ACCELERATED, which is larger than later ones', () => {
  expect(countOf({})).toBe(8);
});

it('counts the initial population, or the elite steps, where each child waits for the one before', () => {
  const sequential = (sizes: object) => ({
    search: { biotune: { mode: 'PAPER_FAST', reproduction: 'SEQUENTIAL', ...sizes } },
    evaluation: { seedCount: 1 },
  });
  expect(countOf(sequential({}))).toBe(10);
  expect(countOf(sequential({ populationSize: 10, eliteCount: 8 }))).toBe(16);
});

it('counts the best candidates and the finals where they are more', () => {
  const search = { biotune: { populationSize: 2, eliteCount: 1, generationCount: 0 } };
  const evaluation = { seedCount: 1 };
  expect(countOf({ search, evaluation, finals: { finalistCount: 3, seedCount: 2 } })).toBe(6);
  expect(
    countOf({ search, evaluation, baselines: ['LORA', 'LAYER_DECAY'], finals: { finalistCount: 1, seedCount: 5 } }),
  ).toBe(15);
});

it('does not bound a search without evolution, whose candidates are known from the start', () => {
  expect(countOf({ baselines: ['SUFFIX_GRID'] })).toBe(Infinity);
  expect(countOf({ baselines: ['L2_SP'] })).toBe(Infinity);
});

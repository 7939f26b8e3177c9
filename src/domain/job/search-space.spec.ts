import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from './create-fine-tune-job.js';
import { isOpenSpace } from './search-space.js';

const CLOSED = { augmentation: [], imageSizePx: [], batchSize: [] };

const parse = (search: object, rest: object = {}) =>
  createFineTuneJobSchema.safeParse({
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { biotune: { mode: 'ACCELERATED' }, ...search },
    ...rest,
  });

const messages = (search: object, rest: object = {}) => parse(search, rest).error?.issues.map(({ message }) => message);
const pathsOf = (search: object) => parse(search).error?.issues.map(({ path }) => path.join('.'));

describe('a search space', () => {
  it('is taken with all of its settings', () => {
    const space = {
      baseLearningRate: { min: 1e-4, max: 1e-2 },
      epochCount: { min: 5, max: 20 },
      augmentation: ['NONE', 'STANDARD'],
      labelSmoothing: { min: 0, max: 0.2 },
      weightDecay: { min: 1e-6, max: 1e-2 },
      imageSizePx: [96, 128],
      batchSize: [16, 32],
    };
    expect(parse({ space }).data?.search.space).toEqual(space);
  });

  it('leaves nothing open when absent', () => {
    const space = parse({}).data?.search.space ?? expect.unreachable();
    expect(space).toEqual(CLOSED);
    expect(isOpenSpace(space)).toBe(false);
    expect(isOpenSpace({ ...space, batchSize: [8] })).toBe(true);
    expect(isOpenSpace({ ...space, epochCount: { min: 1, max: 1 } })).toBe(true);
  });

  it.each([
    ['a range whose least is above its most', { epochCount: { min: 9, max: 3 } }, 'search.space.epochCount'],
    [
      'a rate above the bound of the fixed field',
      { baseLearningRate: { min: 0.1, max: 2 } },
      'search.space.baseLearningRate.max',
    ],
    ['a rate of 0', { baseLearningRate: { min: 0, max: 0.1 } }, 'search.space.baseLearningRate.min'],
    ['weight decay of 0', { weightDecay: { min: 0, max: 0.1 } }, 'search.space.weightDecay.min'],
    ['label smoothing of 1', { labelSmoothing: { min: 0, max: 1 } }, 'search.space.labelSmoothing.max'],
    ['half an epoch', { epochCount: { min: 0.5, max: 3 } }, 'search.space.epochCount.min'],
    ['no choices', { imageSizePx: [] }, 'search.space.imageSizePx'],
    ['a choice twice', { batchSize: [8, 8] }, 'search.space.batchSize'],
    ['17 choices', { batchSize: Array.from({ length: 17 }, (_, index) => index + 2) }, 'search.space.batchSize'],
    ['a size below the bound of the fixed field', { imageSizePx: [4, 96] }, 'search.space.imageSizePx.0'],
    ['an unknown augmentation', { augmentation: ['HEAVY'] }, 'search.space.augmentation.0'],
  ])('with %s is refused', (_, space, path) => {
    expect(pathsOf({ space })).toEqual([path]);
  });

  it('says the bounds that are out of order', () => {
    expect(messages({ space: { epochCount: { min: 9, max: 3 } } })).toEqual([
      'min is 9 and max is 3; min must be at most max: exchange them',
    ]);
  });

  it('is refused in other modes, as objectives are', () => {
    const search = { biotune: { mode: 'PAPER' }, space: { batchSize: [8, 16] }, objectives: ['TRAINED_PARAMETERS'] };
    expect(messages(search)).toEqual([
      'search.space is of mode ACCELERATED, and search.biotune.mode is PAPER: leave it out, or change the mode',
      'search.objectives is of mode ACCELERATED, and search.biotune.mode is PAPER: leave it out, or change the mode',
    ]);
  });

  it('is of use to random search alone, where objectives are not', () => {
    const open = { type: 'NONE', space: { batchSize: [8, 16] } };
    expect(messages(open, { baselines: ['LP_FT'] })).toEqual([
      'search.space is of a search, and search.type is NONE: leave it out, or name a search',
    ]);
    expect(parse(open, { baselines: ['RANDOM_SEARCH'] }).success).toBe(true);
    const named = { type: 'NONE', objectives: ['TRAINED_PARAMETERS'] };
    expect(messages(named, { baselines: ['RANDOM_SEARCH'] })).toEqual([
      'search.objectives is of a search, and search.type is NONE: leave it out, or name a search',
    ]);
  });
});

it('an objective may be named once', () => {
  expect(pathsOf({ objectives: ['TRAINED_PARAMETERS', 'TRAINED_PARAMETERS'] })).toEqual(['search.objectives']);
  expect(parse({ objectives: ['TRAINED_PARAMETERS', 'INFERENCE_MULTIPLY_ACCUMULATES'] }).success).toBe(true);
});

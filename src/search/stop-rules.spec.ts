import { describe, expect, it } from 'vitest';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { stopReason } from './stop-rules.js';

/** Two trials in generation 0, then 2·1 + 2 - 1 = 3 in each. */
const SHAPE = {
  mode: 'PAPER',
  populationSize: 2,
  eliteCount: 1,
  foldCount: 1,
  evolution: SEARCH_MODES.PAPER.evolution,
} as const;

/** Completed trials of generations 0, 1, … with these fitnesses. */
const history = (...generations: number[][]) =>
  generations.flatMap((fitnesses, generation) => fitnesses.map((fitness) => ({ generation, fitness })));

it('is none without rules, and without trials', () => {
  expect(stopReason(history([0, 0], [0, 0, 0]), {}, SHAPE)).toBeUndefined();
  const rules = { targetMetricValue: 0, plateauGenerationCount: 1, trialCountMax: 1 };
  expect(stopReason([], rules, SHAPE)).toBeUndefined();
});

describe('the target', () => {
  it.each([
    ['not below it', [0.5, 0.26], undefined],
    ['at it', [0.5, 0.25], 'TARGET_REACHED'],
    ['above it, in an incomplete generation', [0.2], 'TARGET_REACHED'],
  ])('is reached by any trial: %s', (_, fitnesses, expected) => {
    expect(stopReason(history(fitnesses), { targetMetricValue: 0.75 }, SHAPE)).toBe(expected);
  });

  it('is reached by a fitness that is 1 minus it in float64, for 1000 values', () => {
    for (let i = 0; i <= 1000; i += 1) {
      const rules = { targetMetricValue: i / 1000 };
      expect(stopReason(history([1 - i / 1000]), rules, SHAPE)).toBe('TARGET_REACHED');
    }
  });
});

describe('a plateau', () => {
  const rules = { plateauGenerationCount: 2 };

  it('compares a generation with those of its own fold', () => {
    const twoFolds = { ...SHAPE, foldCount: 2 };
    const worseOnTheOther = history([0.5, 0.9], [0.8, 0.8, 0.8], [0.45, 0.6, 0.6], [0.7, 0.8, 0.8]);
    expect(stopReason(worseOnTheOther, rules, twoFolds)).toBeUndefined();
    expect(stopReason(worseOnTheOther, { plateauGenerationCount: 1 }, SHAPE)).toBe('PLATEAU');
    const noBetter = [...worseOnTheOther, ...history([], [], [], [], [0.45, 0.5, 0.5], [0.7, 0.7, 0.8])];
    expect(stopReason(noBetter, rules, twoFolds)).toBe('PLATEAU');
  });

  it('compares generation 1 with generation 0 where that ran on the same fold', () => {
    const rows = history([0.5, 0.9], [0.5, 0.6, 0.6]);
    const strict = { plateauGenerationCount: 1 };
    const twoFolds = { ...SHAPE, foldCount: 2 };
    expect(stopReason(rows, strict, { ...twoFolds, evolution: SEARCH_MODES.CODE_COMPAT.evolution })).toBe('PLATEAU');
    expect(stopReason(rows, strict, twoFolds)).toBeUndefined();
  });

  it.each([
    [
      'after one generation without a better trial',
      [
        [0.5, 0.9],
        [0.5, 0.6, 0.7],
      ],
      undefined,
    ],
    [
      'after two',
      [
        [0.5, 0.9],
        [0.5, 0.6, 0.7],
        [0.5, 0.8, 0.9],
      ],
      'PLATEAU',
    ],
    [
      'after two worse ones',
      [
        [0.5, 0.9],
        [0.6, 0.6, 0.7],
        [0.7, 0.8, 0.9],
      ],
      'PLATEAU',
    ],
    [
      'where the second is better',
      [
        [0.5, 0.9],
        [0.5, 0.6, 0.7],
        [0.5, 0.49, 0.9],
      ],
      undefined,
    ],
    [
      'where the first was better',
      [
        [0.5, 0.9],
        [0.4, 0.6, 0.7],
        [0.4, 0.49, 0.9],
      ],
      undefined,
    ],
    [
      'where a later one is better than a worse one before, but not the best',
      [
        [0.5, 0.9],
        [0.8, 0.8, 0.8],
        [0.6, 0.7, 0.8],
      ],
      'PLATEAU',
    ],
    [
      'while the second is incomplete',
      [
        [0.5, 0.9],
        [0.5, 0.6, 0.7],
        [0.5, 0.8],
      ],
      undefined,
    ],
    ['while generation 0 is incomplete', [[0.5]], undefined],
  ])('%s', (_, generations, expected) => {
    expect(stopReason(history(...generations), rules, SHAPE)).toBe(expected);
  });

  it('follows from the rows, not from their order', () => {
    const rows = history([0.5, 0.9], [0.5, 0.6, 0.7], [0.5, 0.8, 0.9]);
    expect(stopReason(rows.toReversed(), rules, SHAPE)).toBe('PLATEAU');
  });

  it('of one generation is not there before generation 1 is complete', () => {
    const strict = { plateauGenerationCount: 1 };
    expect(stopReason(history([0.5, 0.5]), strict, SHAPE)).toBeUndefined();
    expect(stopReason(history([0.5, 0.5], [0.5, 0.5]), strict, SHAPE)).toBeUndefined();
    expect(stopReason(history([0.5, 0.5], [0.5, 0.5, 0.5]), strict, SHAPE)).toBe('PLATEAU');
  });
});

it('the number of trials counts all that are complete', () => {
  const rows = history([0.5, 1], [1]);
  expect(stopReason(rows, { trialCountMax: 4 }, SHAPE)).toBeUndefined();
  expect(stopReason(rows, { trialCountMax: 3 }, SHAPE)).toBe('TRIAL_BUDGET');
});

it('the target goes before a plateau, and a plateau before the number of trials', () => {
  const rows = history([0.5, 0.9], [0.5, 0.6, 0.7]);
  const rules = { plateauGenerationCount: 1, trialCountMax: 5 };
  expect(stopReason(rows, { ...rules, targetMetricValue: 0.5 }, SHAPE)).toBe('TARGET_REACHED');
  expect(stopReason(rows, { ...rules, targetMetricValue: 0.6 }, SHAPE)).toBe('PLATEAU');
  expect(stopReason(rows, { ...rules, plateauGenerationCount: 2 }, SHAPE)).toBe('TRIAL_BUDGET');
});

import { describe, expect, it } from 'vitest';
import type { SearchSpace } from '../domain/job/search-space.js';
import type { TrialSettings } from '../domain/job/trial.js';
import { openStream } from './rng.js';
import { crossSettings, defaultSettings, drawSettings, settingFeatures, stepSetting } from './settings-space.js';

const CLOSED: SearchSpace = { augmentation: [], imageSizePx: [], batchSize: [] };
const spaceOf = (open: Partial<SearchSpace>, defaults: TrialSettings = {}) => ({
  space: { ...CLOSED, ...open },
  defaults,
});

const scripted = (...draws: number[]) => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});

const drawn = (open: Partial<SearchSpace>, count = 400): TrialSettings[] =>
  Array.from({ length: count }, (_, slot) =>
    drawSettings(spaceOf(open), openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot })),
  );

const [GROWS, SHRINKS] = [0.1, 0.9];

describe('a drawn setting', () => {
  it('is log-uniform where it is a learning rate, or weight decay', () => {
    const open = { baseLearningRate: { min: 1e-4, max: 1e-2 }, weightDecay: { min: 1e-6, max: 1 } };
    expect(drawSettings(spaceOf(open), scripted(0.5, 0.5))).toEqual({ baseLearningRate: 1e-3, weightDecay: 1e-3 });
    const low = drawn(open).filter(({ baseLearningRate = NaN }) => baseLearningRate < 1e-3).length / 400;
    expect(Math.abs(low - 1 / 2)).toBeLessThan(0.07);
  });

  it('is uniform where it is label smoothing', () => {
    expect(drawSettings(spaceOf({ labelSmoothing: { min: 0, max: 0.2 } }), scripted(0.25))).toEqual({
      labelSmoothing: 0.05,
    });
  });

  it('is each number of epochs from the least to the most, each as likely', () => {
    const counts = drawn({ epochCount: { min: 3, max: 6 } }).map(({ epochCount = NaN }) => epochCount);
    for (const count of [3, 4, 5, 6]) {
      const share = counts.filter((other) => other === count).length / counts.length;
      expect(Math.abs(share - 1 / 4)).toBeLessThan(0.07);
    }
  });

  it('is one of its choices, each of them', () => {
    const found = new Set(drawn({ imageSizePx: [64, 96, 128] }).map(({ imageSizePx }) => imageSizePx));
    expect(found).toEqual(new Set([64, 96, 128]));
  });

  it('has three digits, and never leaves its range', () => {
    const rates = drawn({ baseLearningRate: { min: 0.00012345, max: 0.00012349 } });
    for (const { baseLearningRate = NaN } of rates) {
      expect(baseLearningRate).toBeGreaterThanOrEqual(0.00012345);
      expect(baseLearningRate).toBeLessThanOrEqual(0.00012349);
    }
    expect(drawSettings(spaceOf({ baseLearningRate: { min: 1e-4, max: 1e-2 } }), scripted(0.123))).toEqual({
      baseLearningRate: 0.000176,
    });
  });
});

describe('the settings that a search begins with', () => {
  it('are those of the job where the space has them', () => {
    const open = {
      baseLearningRate: { min: 1e-4, max: 1 },
      imageSizePx: [96, 64],
      augmentation: ['LIGHT', 'NONE'] as const,
    };
    const defaults = { baseLearningRate: 0.0123456, imageSizePx: 64, augmentation: 'NONE', batchSize: 8 } as const;
    expect(defaultSettings(spaceOf(open, defaults))).toEqual({
      baseLearningRate: 0.0123456,
      imageSizePx: 64,
      augmentation: 'NONE',
    });
  });

  it('are the nearest where the space has not', () => {
    const open = {
      weightDecay: { min: 1e-6, max: 1e-2 },
      epochCount: { min: 2, max: 8 },
      imageSizePx: [64, 96, 160],
      augmentation: ['LIGHT', 'STANDARD'] as const,
    };
    const defaults = { weightDecay: 0, epochCount: 30, imageSizePx: 120, augmentation: 'NONE' } as const;
    expect(defaultSettings(spaceOf(open, defaults))).toEqual({
      weightDecay: 1e-6,
      epochCount: 8,
      imageSizePx: 96,
      augmentation: 'LIGHT',
    });
  });
});

describe('a step', () => {
  it.each([
    ['by a quarter of the range on a log scale', { baseLearningRate: { min: 1e-4, max: 1 } }, 1e-3, GROWS, 1e-2],
    ['inward at the upper end', { baseLearningRate: { min: 1e-4, max: 1 } }, 1, GROWS, 0.1],
    ['inward at the lower end', { baseLearningRate: { min: 1e-4, max: 1 } }, 1e-4, SHRINKS, 1e-3],
    ['by a quarter of the range', { labelSmoothing: { min: 0, max: 0.4 } }, 0.1, GROWS, 0.2],
    ['by a quarter of the epochs', { epochCount: { min: 1, max: 40 } }, 10, GROWS, 20],
    ['by one epoch where there are few', { epochCount: { min: 1, max: 3 } }, 2, SHRINKS, 1],
    ['to the next choice', { batchSize: [8, 32, 16] }, 8, GROWS, 32],
    ['nowhere where there is one value', { batchSize: [8] }, 8, GROWS, 8],
    ['nowhere in a range of one value', { weightDecay: { min: 0.1, max: 0.1 } }, 0.1, GROWS, 0.1],
  ])('goes %s', (_, open: Partial<SearchSpace>, from, direction, to) => {
    const [name = ''] = Object.keys(open);
    expect(stepSetting({ [name]: from }, spaceOf(open), scripted(0, direction))).toEqual({ [name]: to });
  });

  it('changes one setting alone', () => {
    const space = spaceOf({ epochCount: { min: 1, max: 9 }, batchSize: [8, 16] });
    expect(stepSetting({ epochCount: 5, batchSize: 8 }, space, scripted(0.9, GROWS))).toEqual({
      epochCount: 5,
      batchSize: 16,
    });
  });
});

describe('a crossover of settings', () => {
  it('takes a choice from either, and what lies between on the scale of a range', () => {
    const space = spaceOf({
      baseLearningRate: { min: 1e-4, max: 1e-2 },
      epochCount: { min: 1, max: 10 },
      batchSize: [8, 16],
    });
    const parents = [
      { baseLearningRate: 1e-4, epochCount: 2, batchSize: 8 },
      { baseLearningRate: 1e-2, epochCount: 8, batchSize: 16 },
    ] as const;
    expect(crossSettings(parents, space, scripted(0.5, 0.5, 0.4))).toEqual({
      baseLearningRate: 1e-3,
      epochCount: 5,
      batchSize: 8,
    });
    expect(crossSettings(parents, space, scripted(1, 0, 0.6))).toEqual({
      baseLearningRate: 1e-4,
      epochCount: 8,
      batchSize: 16,
    });
  });

  it('keeps, to the bit, what both have', () => {
    const space = spaceOf({ labelSmoothing: { min: 0, max: 0.5 } });
    const same = { labelSmoothing: 0.123456 };
    expect(crossSettings([same, same], space, scripted(0.3))).toEqual(same);
  });
});

it('settings are told as places in ranges, and one number for each choice', () => {
  const space = spaceOf({ baseLearningRate: { min: 1e-4, max: 1e-2 }, imageSizePx: [64, 96, 128] });
  expect(settingFeatures({ baseLearningRate: 1e-3, imageSizePx: 96 }, space)).toEqual([0, 0, 1, 0]);
  expect(settingFeatures({ baseLearningRate: 1e-2, imageSizePx: 64 }, space)).toEqual([1, 1, 0, 0]);
});

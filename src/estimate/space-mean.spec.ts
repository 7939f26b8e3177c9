import { expect, it } from 'vitest';
import { settingsOfMeanCost } from './space-mean.js';

const CLOSED = { augmentation: [], imageSizePx: [], batchSize: [] };

it('is what a job says where nothing that costs is open', () => {
  const baseLearningRate = { min: 1e-4, max: 1e-2 };
  expect(settingsOfMeanCost({ ...CLOSED, baseLearningRate, batchSize: [8, 16] })).toEqual([{}]);
});

it('is each size with each augmentation, at the middle of the epochs', () => {
  const space = {
    ...CLOSED,
    epochCount: { min: 4, max: 9 },
    imageSizePx: [64, 96],
    augmentation: ['NONE', 'LIGHT'] as const,
  };
  expect(settingsOfMeanCost(space)).toEqual([
    { epochCount: 7, imageSizePx: 64, augmentation: 'NONE' },
    { epochCount: 7, imageSizePx: 64, augmentation: 'LIGHT' },
    { epochCount: 7, imageSizePx: 96, augmentation: 'NONE' },
    { epochCount: 7, imageSizePx: 96, augmentation: 'LIGHT' },
  ]);
});

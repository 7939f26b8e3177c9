import { expect, it } from 'vitest';
import { SharedHeads } from './shared-heads.js';
import type { TrainedStage } from './trained-stage.js';

/** A head with a weight of so many bytes. */
function headOf(bytes: number): TrainedStage {
  const best = {
    ...{ epoch: 1, trainLoss: 1, learningRate: 1, seconds: 1, imagesPerSecond: 1 },
    ...{ dataSeconds: 0, forwardBackwardSeconds: 1, optimizerSeconds: 0 },
    ...{ validationLoss: 1, validationAccuracy: 1, validationMacroAccuracy: 1 },
    ...{ validationMacroF1: 1, validationCalibrationError: 0 },
  };
  const data = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
  return {
    record: { parts: [], isPrefixCached: true, epochCount: 1 },
    epochs: [best],
    best,
    bestWeights: new Map([['fc.weight', { dtype: 'F32', shape: [data.length], data }]]),
    trainedParameterCount: data.length,
    microBatchSize: 1,
  };
}

it('gives back what it keeps, under its own key', () => {
  const heads = new SharedHeads();
  const head = headOf(8);
  heads.keep('a', head);
  expect(heads.find('a')).toBe(head);
  expect(heads.find('b')).toBeUndefined();
});

it('drops what was used longest ago where the bytes do not suffice for all', () => {
  const heads = new SharedHeads(24);
  for (const key of ['a', 'b', 'c']) heads.keep(key, headOf(8));
  heads.find('a');
  heads.keep('d', headOf(16));
  expect(['a', 'b', 'c', 'd'].filter((key) => heads.find(key) !== undefined)).toEqual(['a', 'd']);
  expect(heads.bytes).toBe(24);
});

it('keeps no head that is larger than its room, and drops nothing for it', () => {
  const heads = new SharedHeads(8);
  heads.keep('a', headOf(8));
  heads.keep('b', headOf(12));
  expect(heads.find('a')).toBeDefined();
  expect(heads.find('b')).toBeUndefined();
});

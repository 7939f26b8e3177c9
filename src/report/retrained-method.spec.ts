import { describe, expect, it } from 'vitest';
import { RUNTIME } from '../../test/fixtures/runtime.js';
import { storedTrial } from '../../test/fixtures/stored-trial.js';
import type { Method } from '../methods/method-table.js';
import { type DeliveredMethod, deliveredMethod } from './delivered-method.js';
import type { Finalist, FinalModel, ScoredModel, ValidatedModel } from './finalist.js';
import { contendersOf, retrainedEpochCounts, withRetrained } from './retrained-method.js';

function modelOf(seed: number, stageBestEpochs?: readonly number[]): FinalModel {
  const weights = { sha256: 'a'.repeat(64), sizeBytes: 1 };
  const counts = { trainedParameterCount: 1, totalParameterCount: 1, multiplyAccumulates: 1, runtime: RUNTIME };
  return { seed, training: { ...counts, weights, ...(stageBestEpochs !== undefined && { stageBestEpochs }) } };
}

function finalistOf<Model>(method: Method, models: readonly Model[], fitness = 0.5): Finalist<Model> {
  const trial = storedTrial(
    { phase: 'FINALS', generation: 0, slot: 0, method, origin: 'BASELINE', lrMultipliers: [1] },
    fitness,
  );
  return { trial: { ...trial, id: method }, models };
}

describe('the epochs of a retraining', () => {
  it('are the medians of each stage over the seeds, rounded, whatever their order', () => {
    const models = [modelOf(1, [4, 7]), modelOf(2, [2, 0]), modelOf(3, [9, 3])];
    expect(retrainedEpochCounts(models)).toEqual([4, 3]);
    expect(retrainedEpochCounts(models.toReversed())).toEqual([4, 3]);
    expect(retrainedEpochCounts([modelOf(1, [3]), modelOf(2, [6])])).toEqual([5]);
  });

  it('are 1 at the least, where the head alone was best', () => {
    expect(retrainedEpochCounts([modelOf(1, [3, 0]), modelOf(2, [5, 0]), modelOf(3, [3, 8])])).toEqual([3, 1]);
  });

  it('are none of a soup', () => {
    expect(() => retrainedEpochCounts([modelOf(1)])).toThrow('the model of seed 1 has no epochs');
  });
});

it('sets the retrained method apart from those that contend', () => {
  const [lora, retrained] = [finalistOf('LORA', []), finalistOf('RETRAINED', [])];
  expect(contendersOf([lora, retrained])).toEqual({ contenders: [lora], retrained });
  expect(contendersOf([lora])).toEqual({ contenders: [lora] });
});

describe('the choice before the test split is looked at', () => {
  /** A model that misses some of ten validation images. */
  const validated = (misses: readonly number[], multiplyAccumulates: number): ValidatedModel => {
    const images = Array.from({ length: 10 }, (_, image) => image);
    const labels = images.map(() => 0);
    const predictions = images.map((image) => Number(misses.includes(image)));
    const { training, seed } = modelOf(100_000, [2]);
    return { seed, training: { ...training, multiplyAccumulates }, validation: { images, labels, predictions } };
  };
  const finalists = [
    finalistOf('BIOTUNE', [validated([5], 50)], 0),
    finalistOf('LINEAR_PROBE', [validated([1, 2], 1)], 0.1),
  ];
  const settingOf = (choice: string) => ({
    job: { id: 'ftj_1', spec: { evaluation: { fitness: 'ACCURACY' }, finals: { choice } } } as never,
    partCount: 1,
    classCount: 2,
    yieldNow: () => Promise.resolve(),
  });

  it('is that of finals.choice, by validation alone', async () => {
    const chosen = async (choice: string) =>
      (await deliveredMethod(finalists, settingOf(choice))).delivered.trial.method;
    expect(await chosen('BEST')).toBe('BIOTUNE');
    // One image of ten ahead, and √0.29 / √10 are 0.17: what is cheaper is taken.
    expect(await chosen('CHEAPEST_WITHIN_ONE_ERROR')).toBe('LINEAR_PROBE');
  });
});

describe('a retrained method', () => {
  const [best, second] = [finalistOf<ScoredModel>('BIOTUNE', []), finalistOf<ScoredModel>('LORA', [])];
  const chosen: DeliveredMethod = {
    ranked: [best, second],
    delivered: second,
    delivery: { best: 'BIOTUNE', difference: 0.01, standardError: 0.02, reason: 'LORA is cheaper.' },
  };
  const retrainedOf = (trialId: string) => {
    const { trial, models } = finalistOf<ScoredModel>('RETRAINED', []);
    return { trial: { ...trial, retrainedTrialId: trialId }, models };
  };

  it('is delivered in the place of the method that it repeats, and says so', () => {
    const retrained = retrainedOf('LORA');
    expect(withRetrained(chosen, retrained)).toEqual({
      ranked: [best, second, retrained],
      delivered: retrained,
      delivery: {
        ...chosen.delivery,
        reason:
          'RETRAINED is LORA trained again on train and validation together, so that no validation figure exists for it. LORA is cheaper.',
      },
    });
  });

  it('is reported alone where another method than the repeated one is chosen in the end', () => {
    const retrained = retrainedOf('BIOTUNE');
    expect(withRetrained(chosen, retrained)).toEqual({ ...chosen, ranked: [best, second, retrained] });
  });

  it('is missed where it could not be trained', () => {
    expect(withRetrained(chosen, undefined)).toBe(chosen);
  });
});

import { describe, expect, it } from 'vitest';
import { resultOf } from './result.mjs';

const score = (method, testAccuracy, seeds) => ({
  method,
  trial: `projects/bench/fineTuneJobs/ftj_1/trials/${method}`,
  validationAccuracy: 0.9,
  testAccuracy,
  testAccuracyInterval: { low: testAccuracy - 0.02, high: testAccuracy + 0.02 },
  testMacroAccuracy: 0.7,
  testMacroAccuracyInterval: { low: 0.68, high: 0.72 },
  testMacroF1: 0.71,
  trainedParameterCount: 1000,
  cost: { trainingCount: 9, epochCount: 90, multiplyAccumulates: 9e12, trainSeconds: 30 },
  seedScores: seeds.map((seed) => ({
    seed,
    validationAccuracy: 0.9,
    testAccuracy: testAccuracy + seed / 1000,
    testMacroAccuracy: 0.7,
    testMacroF1: 0.71,
  })),
});

const trial = (method, seeds) => ({
  name: `projects/bench/fineTuneJobs/ftj_1/trials/${method}`,
  seedResults: seeds.map((seed) => ({
    seed,
    multiplyAccumulates: seed * 1e12,
    trainSeconds: seed * 2,
    trainedParameterCount: 1000,
  })),
});

const found = resultOf({
  task: { name: 'mnist-small', title: 'MNIST digits' },
  request: {
    dataset: 'projects/bench/datasets/ds_1/versions/1',
    displayName: 'x',
    output: {},
    training: { batchSize: 32 },
  },
  machine: { cpu: 'a cpu', cores: 2, node: 'v20' },
  version: {
    classes: [
      { imageCount: { train: 40, validation: 20, test: 240 } },
      { imageCount: { train: 41, validation: 19, test: 7 } },
    ],
  },
  result: {
    method: 'LORA',
    scores: [score('LINEAR_PROBE', 0.7, [3, 5]), score('LORA', 0.8, [3, 5])],
    verdict: 'worth it',
    warnings: ['few images'],
  },
  // Neither in the order of the scores.
  trials: [trial('LORA', [5, 3]), trial('LINEAR_PROBE', [5, 3])],
});

describe('resultOf', () => {
  it('puts the best method first', () => {
    expect(found.methods.map(({ method }) => method)).toEqual(['LORA', 'LINEAR_PROBE']);
    expect(found.delivered).toBe('LORA');
  });

  it('joins the score of each seed with the cost of its own training', () => {
    expect(found.rows.map(({ method, seed }) => `${method} ${seed}`)).toEqual([
      'LORA 3',
      'LORA 5',
      'LINEAR_PROBE 3',
      'LINEAR_PROBE 5',
    ]);
    expect(found.rows[1]).toEqual({
      method: 'LORA',
      seed: 5,
      accuracy: 0.805,
      macroAccuracy: 0.7,
      macroF1: 0.71,
      validationAccuracy: 0.9,
      multiplyAccumulates: 5e12,
      seconds: 10,
      trainedParameters: 1000,
    });
  });

  it('charges a method for all its trainings', () => {
    expect(found.methods[0]).toMatchObject({ trainings: 9, multiplyAccumulates: 9e12, seconds: 30 });
  });

  it('counts images over all classes', () => {
    expect(found.imageCounts).toEqual({ train: 81, validation: 39, test: 247 });
    expect(found.classCount).toBe(2);
  });

  it('keeps the settings, without what only names things', () => {
    expect(found.settings).toEqual({ training: { batchSize: 32 } });
  });
});

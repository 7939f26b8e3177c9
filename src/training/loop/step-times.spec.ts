import { describe, expect, it } from 'vitest';
import { lossOf, plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetwork, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers } from '../../../test/fixtures/training.js';
import type { Technique } from '../../methods/method-table.js';
import { tf } from '../device/backend.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { stepTimes } from './step-times.js';
import { type StepSettings, trainStep } from './train-step.js';

describe('stepTimes', () => {
  it.each<[string, Technique, Partial<StepSettings>]>([
    ['a batch', { type: 'BLOCKS' }, {}],
    ['micro-batches', { type: 'BLOCKS' }, { microBatchSize: 2 }],
    ['weights that are drawn back', { type: 'L2_SP', alpha: 0.1, beta: 0.01 }, { gradientNormMax: 0.1 }],
    ['low-rank changes', { type: 'LORA', rank: 2, alpha: 2 }, {}],
  ])('says where the time of a step on %s goes, and changes nothing', (_, technique, changes) => {
    const before = leftovers();
    const settings = plainStep(changes);
    const trained = (measure: (state: ModelState, step: number) => void) => {
      const segments = blockSegments(tinyNetwork, [1, 0, 1], 'TRAIN');
      const state = new ModelState(segments, tinyWeights(), 3, { technique });
      for (const step of [1, 2, 3, 4]) {
        measure(state, step);
        lossOf(trainStep(state, batch, settings));
      }
      const { weights, optimizer } = state.snapshot();
      state.dispose();
      return { weights, optimizer };
    };
    const input = tf.randomUniform([6, 8, 8, 3], -1, 1, 'float32', 1);
    const batch = { input, labels: Int32Array.of(0, 1, 2, 0, 1, 2) };
    const plain = trained(() => undefined);
    const measured = trained((state, step) => {
      const times = stepTimes(state, batch, settings);
      if (step > 1) expect(Math.min(times.forwardBackwardSeconds, times.optimizerSeconds)).toBeGreaterThan(0);
    });
    input.dispose();
    expect(differingTensors(measured.weights, plain.weights)).toEqual([]);
    expect(measured.optimizer).toEqual(plain.optimizer);
    expect(leftovers()).toEqual(before);
  });
});

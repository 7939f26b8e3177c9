import { describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { enlarged, tinyPixels } from '../../../test/fixtures/tiny-network.js';
import { expectNumbersAgree, expectWeightsAgree } from '../../../test/fixtures/traced-agreement.js';
import { train } from '../../../test/fixtures/training.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { backendSettings, type Binding, nodeBackend } from '../device/backend.js';
import type { FineTuneOptions } from '../fine-tune-options.js';

const efficientNet = networkByArchitecture('efficientnet-lite0');
const efficientNetWeights = goldenWeights(parameterSpecs(efficientNet, 3));

describe('a training', () => {
  it.each<[string, Partial<FineTuneOptions>]>([
    ['of blocks', {}],
    ['of the classifier', { technique: { type: 'LINEAR_PROBE' } }],
    ['by relative gradients', { technique: { type: 'AUTO_RGN', batchCount: 2 } }],
    ['by relative gradients of pieces', { technique: { type: 'AUTO_RGN', batchCount: 2 }, microBatchSize: 3 }],
    ['of low-rank changes', { technique: { type: 'LORA', rank: 2, alpha: 4 } }],
    [
      'of low-rank changes, in pieces, with clipping',
      { technique: { type: 'LORA', rank: 2, alpha: 4 }, microBatchSize: 3, gradientNormMax: 0.5 },
    ],
    ['of norms and biases', { technique: { type: 'NORM_TUNE' } }],
    ['of norms and biases, in pieces', { technique: { type: 'NORM_TUNE' }, microBatchSize: 3 }],
    ['of norms and biases of one block', { normBlocks: [1] }],
    ['near the start (L2)', { technique: { type: 'L2_SP', alpha: 0.5, beta: 0.1 }, gradientNormMax: 0.5 }],
    ['near the start (L1)', { technique: { type: 'L1_SP', alpha: 0.5, beta: 0.1 } }],
    ['near the start, in pieces', { technique: { type: 'L2_SP', alpha: 0.5, beta: 0.1 }, microBatchSize: 3 }],
    ['of the classifier and then all', { headInit: 'PROBE', headSeed: 5 }],
    ['of a block more each epoch', { technique: { type: 'GRADUAL_UNFREEZING' } }],
    [
      "of EfficientNet-Lite0's classifier",
      {
        network: efficientNet,
        pretrained: efficientNetWeights,
        train: enlarged(tinyPixels(19), 32),
        validation: enlarged(tinyPixels(9, 'validation'), 32),
        lrMultipliers: [1, 1, 1, 1, 1, 1, 1, 1, 1],
        technique: { type: 'LINEAR_PROBE' },
      },
    ],
  ])('%s runs with the stock addon, and comes to the same', async (_, changes) => {
    const traced = await train(changes);
    const backend = nodeBackend();
    const patched = backend.binding;
    backend.binding = Object.create(patched, { createFunction: { value: undefined } }) as Binding;
    try {
      expect(backendSettings().execution).toBe('EAGER');
      const eager = await train(changes);
      expectWeightsAgree(traced.weights, eager.weights);
      expectNumbersAgree(Object.values(traced.best), Object.values(eager.best));
      expect(traced.bestEpoch).toBe(eager.bestEpoch);
    } finally {
      backend.binding = patched;
    }
    expect(backendSettings().execution).toBe('TRACED');
  });
});

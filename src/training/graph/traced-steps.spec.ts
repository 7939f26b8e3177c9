import { describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { tinyNetwork, tinyNetworkCutAtClassifier, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { expectNumbersAgree, expectWeightsAgree } from '../../../test/fixtures/traced-agreement.js';
import { type TracedSetup, tracedOutcome } from '../../../test/fixtures/traced-outcome.js';
import { leftovers } from '../../../test/fixtures/training.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';

const efficientNet = networkByArchitecture('efficientnet-lite0');
const efficientNetWeights = goldenWeights(parameterSpecs(efficientNet, 3));

describe('traced execution comes to the same as eager execution', () => {
  const tiny = { network: tinyNetwork, weights: tinyWeights(), sizePx: 8, frozenBatchNorm: 'EVAL' } as const;
  const lite = { network: efficientNet, weights: efficientNetWeights, sizePx: 32, frozenBatchNorm: 'EVAL' } as const;

  const extras = { labelSmoothing: 0.1, classWeights: [0.5, 3, 1], gradientNormMax: 0.1 };

  it.each<[string, TracedSetup]>([
    ['every kind of layer, all trained', { ...tiny, multipliers: [1] }],
    ['a frozen block between trained ones', { ...tiny, multipliers: [1, 0, 0.5] }],
    ['a classifier alone', { ...tiny, network: tinyNetworkCutAtClassifier, multipliers: [0, 0, 0, 1] }],
    ['EfficientNet-Lite0, all trained', { ...lite, multipliers: [1] }],
    ['EfficientNet-Lite0 over a frozen prefix', { ...lite, multipliers: [0, 0, 0, 0, 0, 0, 1, 2, 0.5] }],
    [
      'EfficientNet-Lite0 over a frozen prefix that uses batch statistics',
      { ...lite, frozenBatchNorm: 'TRAIN', multipliers: [0, 0, 0, 0, 0, 0, 1, 2, 0.5] },
    ],
    ['EfficientNet-Lite0, the head alone', { ...lite, multipliers: [0, 0, 0, 0, 0, 0, 0, 0, 1] }],
    ['AdamW', { ...tiny, multipliers: [1, 0, 2], optimizer: { type: 'ADAMW', weightDecay: 0.1 } }],
    ['Adam with weight decay', { ...tiny, multipliers: [1], optimizer: { type: 'ADAM', weightDecay: 0.1 } }],
    ['SGD', { ...tiny, multipliers: [1, 0, 2], optimizer: { type: 'SGD', weightDecay: 0.1, momentum: 0.9 } }],
    ['smoothing, class weights and clipping', { ...tiny, multipliers: [1], settings: () => extras }],
    ['gradients that are added up', { ...tiny, multipliers: [1], settings: () => ({ ...extras, microBatchSize: 3 }) }],
    [
      'pieces, class weights, clipping and smoothing that come and go',
      {
        ...tiny,
        frozenBatchNorm: 'TRAIN',
        multipliers: [0, 1, 2],
        optimizer: { type: 'ADAMW', weightDecay: 0.1 },
        settings: (step) => ({
          labelSmoothing: step % 2 === 0 ? 0.1 : 0,
          ...(step % 3 > 0 && { classWeights: [step, 1, 1 / step] }),
          ...(step % 4 > 0 && { microBatchSize: 1 + (step % 4) }),
          ...(step > 10 && { gradientNormMax: 0.5 }),
        }),
      },
    ],
  ])('%s', (_, setup) => {
    const before = leftovers();
    const eager = tracedOutcome(setup, 'EAGER');
    const traced = tracedOutcome(setup, 'TRACED');
    expectNumbersAgree(traced.losses, eager.losses);
    expectWeightsAgree(traced.weights, eager.weights);
    traced.logits.forEach((logits, index) => expectNumbersAgree(logits, eager.logits[index] ?? []));
    expect(leftovers()).toEqual(before);
  });
});

import { describe, expect, it } from 'vitest';
import { measuredCosts } from '../../test/fixtures/measured-costs.js';
import {
  averagePool,
  batchNorm,
  classifier,
  concat,
  conv,
  depthwiseConv,
  flatten,
  globalMeanPool,
  idle,
  linear,
  maxPool,
  relu,
  residual,
  reverseChannels,
} from '../networks/layer-builders.js';
import type { Layer } from '../networks/layers.js';
import { networkByArchitecture, NETWORKS } from '../networks/registry.js';
import { forwardCosts } from './forward-costs.js';

const CLASS_COUNT = 7;

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

describe.each(NETWORKS.map((network) => [network.architecture, network] as const))('%s', (_, network) => {
  const { inputSizePxMin, blocks } = network;

  it.each([inputSizePxMin, inputSizePxMin + 9, inputSizePxMin + 38])(
    'costs what the engine does, layer by layer, at %i px',
    (sizePx) => {
      const parts = blocks.flatMap(({ layers }) => layers.map((layer) => [layer]));
      const costs = forwardCosts(parts, sizePx, CLASS_COUNT);
      const measured = measuredCosts(parts.flat(), sizePx, CLASS_COUNT);
      const namesIn = (layer: Layer): string[] => {
        if (layer.type === 'residual') return [...layer.branch, ...layer.shortcut].flatMap(namesIn);
        if (layer.type === 'concat') return layer.branches.flat().flatMap(namesIn);
        return 'name' in layer && layer.type !== 'batchNorm' ? [layer.name] : [];
      };
      const expected = parts.map((layers) => sum(layers.flatMap(namesIn).map((name) => measured.get(name) ?? NaN)));
      expect(costs.map(({ forward }) => forward)).toEqual(expected);
      const ofWeights = costs.flatMap((cost) => [...cost.ofWeights]);
      expect(ofWeights).toHaveLength(measured.size);
      for (const [name, cost] of ofWeights) expect(cost).toBe(measured.get(name.replace(/\.weight$/, '')));
      expect(sum(expected)).toBe(sum(measured.values()));
      expect(sum(expected)).toBeGreaterThan(0);
    },
  );

  it('costs the same in blocks as in one piece', () => {
    const inBlocks = forwardCosts(
      blocks.map(({ layers }) => layers),
      inputSizePxMin,
      CLASS_COUNT,
    );
    const [whole] = forwardCosts([blocks.flatMap(({ layers }) => layers)], inputSizePxMin, CLASS_COUNT);
    expect(sum(inBlocks.map(({ forward }) => forward))).toBe(whole?.forward);
    expect(inBlocks[0]?.firstLayer).toBe(whole?.firstLayer);
  });

  it('refuses an image that is too small', () => {
    const layers = blocks.map((block) => block.layers);
    const tooSmall = () => forwardCosts(layers, 0, CLASS_COUNT);
    expect(tooSmall).toThrow(RangeError);
  });
});

/**
 * `_ops` of torchvision's weights (torchvision/models/*.py of pytorch/vision, from 0.15 on), which its documentation calls
 * GFLOPS, and which are multiply-adds. EfficientNet-Lite0: README.md of tensorflow/tpu, models/official/efficientnet/lite,
 * has 407M MAdds, which counts other operations too.
 */
it.each([
  ['resnet50', 224, 4.089],
  ['densenet121', 224, 2.834],
  ['vgg19', 224, 19.632],
  ['inception-v3', 299, 5.713],
  ['mobilenet-v2', 224, 0.301],
  ['squeezenet1-1', 224, 0.349],
])('%s at %i px and 1000 classes costs what torchvision says', (architecture, sizePx, giga) => {
  expect(forwardOf(architecture, sizePx) / 1e9).toBeCloseTo(giga, 3);
});

it('EfficientNet-Lite0 costs about what its authors say', () => {
  const mega = forwardOf('efficientnet-lite0', 224) / 1e6;
  expect(mega).toBeGreaterThan(380);
  expect(mega).toBeLessThan(407);
});

function forwardOf(architecture: string, sizePx: number): number {
  const layers = networkByArchitecture(architecture).blocks.map((block) => block.layers);
  return sum(forwardCosts(layers, sizePx, 1000).map(({ forward }) => forward));
}

describe('the first layer of a part', () => {
  /** The image has 4 x 4 pixels, so that a pointwise convolution costs 16 times its channels. */
  it.each<[string, Layer[], number]>([
    ['is the first that has a cost', [reverseChannels, conv('c', 3, 5), relu, conv('d', 5, 5)], 16 * 15],
    ['is also found behind a pooling', [maxPool(2, { stride: 2 }), conv('c', 3, 5)], 4 * 15],
    ['is also found behind a mean', [averagePool(2, { stride: 2 }), depthwiseConv('c', 3, {}), relu], 4 * 3],
    ['may be linear', [flatten, linear('l', 48, 5), classifier('k', 5)], 48 * 5],
    ['may be a classifier', [globalMeanPool, classifier('k', 3)], 3 * CLASS_COUNT],
    ['does not exist behind a BatchNorm, which needs the gradient', [batchNorm('b', 3), conv('c', 3, 5)], 0],
    ['does not run when idle', [idle([conv('c', 3, 5)]), conv('d', 3, 2)], 16 * 6],
    ['is in the branch of a residual', [residual([conv('c', 3, 3), conv('d', 3, 3)]), conv('e', 3, 9)], 16 * 9],
    ['is in both sides of a residual', [residual([conv('c', 3, 5)], [conv('d', 3, 5)])], 2 * 16 * 15],
    [
      'is in every branch that has no BatchNorm before it',
      [
        concat([], [relu, conv('c', 3, 5)], [batchNorm('b', 3), conv('d', 3, 5)], [concat([conv('e', 3, 2)])]),
        conv('f', 15, 1),
      ],
      16 * 21,
    ],
  ])('%s', (_, layers, firstLayer) => {
    expect(forwardCosts([layers], 4, CLASS_COUNT)[0]?.firstLayer).toBe(firstLayer);
  });
});

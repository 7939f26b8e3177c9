import { classifier, concat, conv, globalMeanPool, maxPool, relu, reverseChannels } from './layer-builders.js';
import type { Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/**
 * Table 1 of arXiv 1602.07360, as version 1.1 of the authors' repository changed it: a smaller stem, earlier pooling.
 * The fire modules come in pairs of one width; `index` is torchvision's of the pair's first.
 */
const FIRE_PAIRS = [
  { index: 3, number: 2, inputChannels: 64, squeeze: 16, expand: 64, isPooled: true },
  { index: 6, number: 4, inputChannels: 128, squeeze: 32, expand: 128, isPooled: true },
  { index: 9, number: 6, inputChannels: 256, squeeze: 48, expand: 192, isPooled: false },
  { index: 11, number: 8, inputChannels: 384, squeeze: 64, expand: 256, isPooled: false },
] as const;

const STEM_CHANNELS = 64;
const FEATURE_CHANNELS = 512;

/** What differs between the two sources of weights. */
interface Variant {
  readonly architecture: string;
  readonly inputSizePxMin: number;
  readonly stem: string;
  readonly stemPadding: 0 | 'SAME';
  readonly poolPadding: 0 | 'CEIL';
  /** @param second 0 for the first fire module of the pair, 1 for the second. */
  readonly fire: (pair: (typeof FIRE_PAIRS)[number], second: 0 | 1, part: string) => string;
  readonly classifier: string;
  /** Whether a ReLU stands before the mean that gives the logits: the paper's network has it. */
  readonly hasLastRelu: boolean;
  readonly isTrainedOnBgr: boolean;
}

/** SqueezeNet 1.1 as torchvision has it. */
export const squeezeNet11 = squeezeNet({
  architecture: 'squeezenet1-1',
  // torchvision's bound.
  inputSizePxMin: 17,
  stem: 'features.0',
  stemPadding: 0,
  poolPadding: 'CEIL',
  fire: ({ index }, second, part) => `features.${index + second}.${part}`,
  classifier: 'classifier.1',
  hasLastRelu: true,
  isTrainedOnBgr: false,
});

/** SqueezeNet 1.1 as the `ndf` package has Caffe's weights: for inputs from RGB minus [123.68, 116.779, 103.939]. */
export const squeezeNet11Caffe = squeezeNet({
  architecture: 'squeezenet1-1-caffe',
  // Below, the last pooling has no whole window.
  inputSizePxMin: 29,
  stem: 'conv1',
  stemPadding: 'SAME',
  poolPadding: 0,
  fire: ({ number }, second, part) => `fire${number + second}/${part}${part === 'squeeze' ? '1x1' : ''}`,
  classifier: 'conv10',
  hasLastRelu: false,
  isTrainedOnBgr: true,
});

/**
 * Six blocks, not from the paper on BioTune, which did not use this network: stem, the four pairs of fire modules, and
 * the classifier, a pointwise convolution whose mean over the image gives the logits. No BatchNorm anywhere.
 *
 * Dropout before the classifier is left out: the paper's protocol has none.
 */
function squeezeNet(variant: Variant): NetworkDefinition {
  const { architecture, inputSizePxMin, poolPadding, hasLastRelu, isTrainedOnBgr } = variant;
  const pool = maxPool(3, { stride: 2, padding: poolPadding });
  const stem = conv(variant.stem, 3, STEM_CHANNELS, {
    kernelSize: 3,
    stride: 2,
    padding: variant.stemPadding,
    hasBias: true,
  });
  return {
    architecture,
    inputSizePxMin,
    blocks: [
      { id: 'stem', displayName: 'Stem', layers: [...(isTrainedOnBgr ? [reverseChannels] : []), stem, relu, pool] },
      ...FIRE_PAIRS.map((pair) => ({
        id: `fire${pair.number}-${pair.number + 1}`,
        displayName: `Fire ${pair.number} and ${pair.number + 1}`,
        layers: [...firePair(pair, variant), ...(pair.isPooled ? [pool] : [])],
      })),
      {
        id: 'head',
        displayName: 'Head',
        layers: [
          classifier(variant.classifier, FEATURE_CHANNELS, 'pointwiseConv'),
          ...(hasLastRelu ? [relu] : []),
          globalMeanPool,
        ],
      },
    ],
  };
}

function firePair(pair: (typeof FIRE_PAIRS)[number], { fire }: Variant): Layer[] {
  const name = (second: 0 | 1) => (part: string) => fire(pair, second, part);
  return [...fireModule(name(0), pair), ...fireModule(name(1), { ...pair, inputChannels: 2 * pair.expand })];
}

/** Figure 1: few channels in, then pointwise and 3x3 convolutions side by side. */
function fireModule(
  name: (part: string) => string,
  { inputChannels, squeeze, expand }: Record<'inputChannels' | 'squeeze' | 'expand', number>,
): Layer[] {
  return [
    conv(name('squeeze'), inputChannels, squeeze, { hasBias: true }),
    relu,
    concat(
      [conv(name('expand1x1'), squeeze, expand, { hasBias: true }), relu],
      [conv(name('expand3x3'), squeeze, expand, { kernelSize: 3, padding: 1, hasBias: true }), relu],
    ),
  ];
}

import {
  batchNorm,
  classifier,
  conv,
  globalMeanPool,
  maxPool,
  relu,
  residual,
  reverseChannels,
} from './layer-builders.js';
import type { Layer, Padding } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** Table 1 of arXiv 1512.03385, column "50-layer": the 3x3 width of each stage, and how many bottlenecks it has. */
const STAGES = [
  { width: 64, stride: 1, repeatCount: 3 },
  { width: 128, stride: 2, repeatCount: 4 },
  { width: 256, stride: 2, repeatCount: 6 },
  { width: 512, stride: 2, repeatCount: 3 },
] as const;

/** A bottleneck's output is that many times as wide as its 3x3 convolution. */
const EXPANSION = 4;
const STEM_CHANNELS = 64;

/** What differs between the two sets of weights. */
interface Variant {
  readonly architecture: string;
  /** Factor on the widths of the stages; the stem keeps its own. */
  readonly widthFactor: number;
  /** The convolution of a stage's first bottleneck that has the stride: torchvision moved it from the paper's conv1. */
  readonly stridedConv: 'conv1' | 'conv2';
  readonly poolPadding: number | Exclude<Padding, readonly number[]>;
  readonly isTrainedOnBgr: boolean;
}

/** ResNet-50 as torchvision has it, in the paper's six blocks. */
export const resNet50 = resNet({
  architecture: 'resnet50',
  widthFactor: 1,
  stridedConv: 'conv2',
  poolPadding: 1,
  isTrainedOnBgr: false,
});

/** Caffe's ResNet-50 with half the width, which Yahoo's open_nsfw has: for inputs from RGB minus [123, 117, 104]. */
export const resNet50Thin = resNet({
  architecture: 'resnet50-thin',
  widthFactor: 0.5,
  stridedConv: 'conv1',
  poolPadding: 'SAME',
  isTrainedOnBgr: true,
});

/** 32 px is where the last stage is down to one pixel. */
function resNet({ architecture, poolPadding, isTrainedOnBgr, ...variant }: Variant): NetworkDefinition {
  const outputs = STAGES.map(({ width }) => width * variant.widthFactor * EXPANSION);
  const stem = [
    conv('conv1', 3, STEM_CHANNELS, { kernelSize: 7, stride: 2, padding: 3 }),
    batchNorm('bn1', STEM_CHANNELS),
    relu,
    maxPool(3, { stride: 2, padding: poolPadding }),
  ];
  return {
    architecture,
    inputSizePxMin: 32,
    blocks: [
      { id: 'stem', displayName: 'Stem', layers: isTrainedOnBgr ? [reverseChannels, ...stem] : stem },
      ...STAGES.map((stage, index) => ({
        id: `layer${index + 1}`,
        displayName: `Stage ${index + 1}`,
        layers: stageLayers(`layer${index + 1}`, stage, outputs[index - 1] ?? STEM_CHANNELS, variant),
      })),
      { id: 'fc', displayName: 'Head', layers: [globalMeanPool, classifier('fc', outputs.at(-1) ?? 0)] },
    ],
  };
}

function stageLayers(
  name: string,
  { width, stride, repeatCount }: (typeof STAGES)[number],
  inputChannels: number,
  { widthFactor, stridedConv }: Pick<Variant, 'widthFactor' | 'stridedConv'>,
): Layer[] {
  const inner = width * widthFactor;
  return Array.from({ length: repeatCount }, (_, index) =>
    index === 0
      ? bottleneck(`${name}.0`, inputChannels, inner, { [stridedConv]: stride })
      : bottleneck(`${name}.${index}`, inner * EXPANSION, inner),
  ).flat();
}

/** Figure 5, right: narrow, filter, widen; plus the input, projected where its shape is another. */
function bottleneck(
  name: string,
  inputChannels: number,
  inner: number,
  { conv1 = 1, conv2 = 1 }: Partial<Record<Variant['stridedConv'], number>> = {},
): Layer[] {
  const outputChannels = inner * EXPANSION;
  const branch = [
    conv(`${name}.conv1`, inputChannels, inner, { stride: conv1 }),
    batchNorm(`${name}.bn1`, inner),
    relu,
    conv(`${name}.conv2`, inner, inner, { kernelSize: 3, stride: conv2, padding: 1 }),
    batchNorm(`${name}.bn2`, inner),
    relu,
    conv(`${name}.conv3`, inner, outputChannels),
    batchNorm(`${name}.bn3`, outputChannels),
  ];
  const projection = [
    conv(`${name}.downsample.0`, inputChannels, outputChannels, { stride: conv1 * conv2 }),
    batchNorm(`${name}.downsample.1`, outputChannels),
  ];
  return [residual(branch, inputChannels === outputChannels ? [] : projection), relu];
}

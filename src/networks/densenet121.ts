import { averagePool, batchNorm, classifier, concat, conv, globalMeanPool, maxPool, relu } from './layer-builders.js';
import type { Layer } from './layers.js';
import type { BlockDefinition, NetworkDefinition } from './network.js';

/** Table 1 of arXiv 1608.06993, column DenseNet-121: the dense layers of each dense block. */
const LAYER_COUNTS = [6, 12, 24, 16] as const;
/** Channels that a dense layer adds; the paper's k. */
const GROWTH_RATE = 32;
const BOTTLENECK_CHANNELS = 4 * GROWTH_RATE;
const STEM_CHANNELS = 64;

/**
 * DenseNet-121 in the paper's nine blocks; the last BatchNorm belongs to the classifier's.
 *
 * 29 px is torchvision's bound: the last transition needs two pixels.
 */
export const denseNet121: NetworkDefinition = {
  architecture: 'densenet121',
  inputSizePxMin: 29,
  blocks: [
    {
      id: 'stem',
      displayName: 'Stem',
      layers: [
        conv('features.conv0', 3, STEM_CHANNELS, { kernelSize: 7, stride: 2, padding: 3 }),
        batchNorm('features.norm0', STEM_CHANNELS),
        relu,
        maxPool(3, { stride: 2, padding: 1 }),
      ],
    },
    ...LAYER_COUNTS.flatMap(denseStage),
    {
      id: 'norm5+classifier',
      displayName: 'Head',
      layers: [
        batchNorm('features.norm5', outputChannels(LAYER_COUNTS.length - 1)),
        relu,
        globalMeanPool,
        classifier('classifier', outputChannels(LAYER_COUNTS.length - 1)),
      ],
    },
  ],
};

/** @returns a dense block, and the transition after it if it is not the last one. */
function denseStage(layerCount: number, index: number): BlockDefinition[] {
  const [number, inputChannels] = [index + 1, stageInputChannels(index)];
  const dense = {
    id: `denseblock${number}`,
    displayName: `Dense block ${number}`,
    layers: Array.from({ length: layerCount }, (_, at) =>
      denseLayer(`features.denseblock${number}.denselayer${at + 1}`, inputChannels + at * GROWTH_RATE),
    ),
  };
  const transition = {
    id: `transition${number}`,
    displayName: `Transition ${number}`,
    layers: transitionLayers(`features.transition${number}`, outputChannels(index)),
  };
  return number < LAYER_COUNTS.length ? [dense, transition] : [dense];
}

/** What came in, and k channels computed from all of it. */
function denseLayer(name: string, inputChannels: number): Layer {
  return concat(
    [],
    [
      batchNorm(`${name}.norm1`, inputChannels),
      relu,
      conv(`${name}.conv1`, inputChannels, BOTTLENECK_CHANNELS),
      batchNorm(`${name}.norm2`, BOTTLENECK_CHANNELS),
      relu,
      conv(`${name}.conv2`, BOTTLENECK_CHANNELS, GROWTH_RATE, { kernelSize: 3, padding: 1 }),
    ],
  );
}

/** Halves the channels and the size. */
function transitionLayers(name: string, channels: number): Layer[] {
  return [
    batchNorm(`${name}.norm`, channels),
    relu,
    conv(`${name}.conv`, channels, channels / 2),
    averagePool(2, { stride: 2 }),
  ];
}

function stageInputChannels(index: number): number {
  return index === 0 ? STEM_CHANNELS : outputChannels(index - 1) / 2;
}

function outputChannels(index: number): number {
  return stageInputChannels(index) + (LAYER_COUNTS[index] ?? 0) * GROWTH_RATE;
}

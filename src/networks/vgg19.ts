import { adaptiveAveragePool, classifier, conv, flatten, linear, maxPool, relu } from './layer-builders.js';
import type { Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** Table 1 of arXiv 1409.1556, configuration E. `index` is torchvision's of the stage's first convolution. */
const STAGES = [
  { index: 0, inputChannels: 3, channels: 64, convCount: 2 },
  { index: 5, inputChannels: 64, channels: 128, convCount: 2 },
  { index: 10, inputChannels: 128, channels: 256, convCount: 4 },
  { index: 19, inputChannels: 256, channels: 512, convCount: 4 },
  { index: 28, inputChannels: 512, channels: 512, convCount: 4 },
] as const;

/** Side of the image that the first linear layer takes; torchvision averages any other size to it. */
const FEATURE_SIZE = 7;

/**
 * VGG-19 without BatchNorm in the paper's six blocks: five stages of convolutions, and the three linear layers.
 *
 * The original's dropout of 0.5 in the classifier is left out: the paper's fine-tuning protocol has none. Below 32 px
 * nothing is left after five poolings.
 */
export const vgg19: NetworkDefinition = {
  architecture: 'vgg19',
  inputSizePxMin: 32,
  blocks: [
    ...STAGES.map((stage, index) => ({
      id: `conv${index + 1}`,
      displayName: `Stage ${index + 1}`,
      layers: stageLayers(stage),
    })),
    {
      id: 'classifier',
      displayName: 'Head',
      layers: [
        adaptiveAveragePool(FEATURE_SIZE),
        flatten,
        linear('classifier.0', 512 * FEATURE_SIZE ** 2, 4096),
        relu,
        linear('classifier.3', 4096, 4096),
        relu,
        classifier('classifier.6', 4096),
      ],
    },
  ],
};

function stageLayers({ index, inputChannels, channels, convCount }: (typeof STAGES)[number]): Layer[] {
  const convolutions = Array.from({ length: convCount }, (_, at) => [
    // Every other index is a ReLU's.
    conv(`features.${index + 2 * at}`, at === 0 ? inputChannels : channels, channels, {
      kernelSize: 3,
      padding: 1,
      hasBias: true,
    }),
    relu,
  ]);
  return [...convolutions.flat(), maxPool(2, { stride: 2 })];
}

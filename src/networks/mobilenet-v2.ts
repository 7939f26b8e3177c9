import { batchNorm, classifier, conv, depthwiseConv, globalMeanPool, relu6, residual } from './layer-builders.js';
import type { Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** Table 2 of arXiv 1801.04381: t, c, n and s of each row of bottlenecks. */
const STAGES = [
  { expansion: 1, outputChannels: 16, repeatCount: 1, stride: 1 },
  { expansion: 6, outputChannels: 24, repeatCount: 2, stride: 2 },
  { expansion: 6, outputChannels: 32, repeatCount: 3, stride: 2 },
  { expansion: 6, outputChannels: 64, repeatCount: 4, stride: 2 },
  { expansion: 6, outputChannels: 96, repeatCount: 3, stride: 1 },
  { expansion: 6, outputChannels: 160, repeatCount: 3, stride: 2 },
  { expansion: 6, outputChannels: 320, repeatCount: 1, stride: 1 },
] as const;

const STEM_CHANNELS = 32;
const HEAD_CHANNELS = 1280;

/** A convolution and the BatchNorm after it, by name. */
type NamePair = readonly [convolution: string, batchNorm: string];

/** What differs between the two sources of weights. */
interface Variant {
  readonly architecture: string;
  readonly padding: 1 | 'SAME';
  readonly epsilon: number;
  readonly stem: NamePair;
  readonly head: NamePair;
  readonly classifier: string;
  /** @param index The place of the bottleneck, from 0. */
  readonly bottleneck: (index: number) => Readonly<Record<'expand' | 'depthwise' | 'project', NamePair>>;
}

/** MobileNetV2 as torchvision has it, in nine blocks: stem, one for each row of the table, head. */
export const mobileNetV2 = mobileNet({
  architecture: 'mobilenet-v2',
  padding: 1,
  epsilon: 1e-5,
  stem: ['features.0.0', 'features.0.1'],
  head: ['features.18.0', 'features.18.1'],
  classifier: 'classifier.1',
  bottleneck: (index) => {
    const name = `features.${index + 1}.conv`;
    // The first one, which does not expand, has one module less in front.
    return index === 0
      ? { expand: ['', ''], depthwise: [`${name}.0.0`, `${name}.0.1`], project: [`${name}.1`, `${name}.2`] }
      : {
          expand: [`${name}.0.0`, `${name}.0.1`],
          depthwise: [`${name}.1.0`, `${name}.1.1`],
          project: [`${name}.2`, `${name}.3`],
        };
  },
});

/** MobileNetV2 as Keras Applications has it: TensorFlow's padding, another epsilon, other names; the same blocks. */
export const mobileNetV2Keras = mobileNet({
  architecture: 'mobilenet-v2-keras',
  padding: 'SAME',
  epsilon: 1e-3,
  stem: ['Conv1', 'bn_Conv1'],
  head: ['Conv_1', 'Conv_1_bn'],
  classifier: 'dense',
  bottleneck: (index) => {
    const name = index === 0 ? 'expanded_conv' : `block_${index}`;
    const pair = (part: string): NamePair => [`${name}_${part}`, `${name}_${part}_BN`];
    return { expand: pair('expand'), depthwise: pair('depthwise'), project: pair('project') };
  },
});

/**
 * The partition is not from the paper on BioTune, which did not use this network. Dropout before the classifier is left
 * out, as the paper's protocol has none. 32 px is where the last stage is down to one pixel.
 */
function mobileNet(variant: Variant): NetworkDefinition {
  const { architecture, padding, epsilon, stem, head } = variant;
  return {
    architecture,
    inputSizePxMin: 32,
    blocks: [
      {
        id: 'stem',
        displayName: 'Stem',
        layers: [
          conv(stem[0], 3, STEM_CHANNELS, { kernelSize: 3, stride: 2, padding }),
          batchNorm(stem[1], STEM_CHANNELS, epsilon),
          relu6,
        ],
      },
      ...STAGES.map((_, index) => ({
        id: `stage${index + 1}`,
        displayName: `Stage ${index + 1}`,
        layers: stageLayers(index, variant),
      })),
      {
        id: 'head',
        displayName: 'Head',
        layers: [
          conv(head[0], STAGES[6].outputChannels, HEAD_CHANNELS),
          batchNorm(head[1], HEAD_CHANNELS, epsilon),
          relu6,
          globalMeanPool,
          classifier(variant.classifier, HEAD_CHANNELS),
        ],
      },
    ],
  };
}

/** Only a stage's first bottleneck has its stride and the channels of the stage before. */
function stageLayers(stageIndex: number, variant: Variant): Layer[] {
  const [stage, before] = [STAGES[stageIndex], STAGES[stageIndex - 1]];
  if (stage === undefined) return [];
  const firstIndex = STAGES.slice(0, stageIndex).reduce((sum, { repeatCount }) => sum + repeatCount, 0);
  return Array.from({ length: stage.repeatCount }, (_, at) =>
    invertedResidual(
      firstIndex + at,
      at === 0
        ? { ...stage, inputChannels: before?.outputChannels ?? STEM_CHANNELS }
        : { ...stage, inputChannels: stage.outputChannels, stride: 1 },
      variant,
    ),
  ).flat();
}

/** Expand, filter each channel, project, plus the input where the shape is unchanged. */
function invertedResidual(
  index: number,
  shape: Record<'stride' | 'expansion' | 'inputChannels' | 'outputChannels', number>,
  { padding, epsilon, bottleneck }: Variant,
): Layer[] {
  const { stride, expansion, inputChannels, outputChannels } = shape;
  const inner = inputChannels * expansion;
  const { expand, depthwise, project } = bottleneck(index);
  const expansionLayers = [conv(expand[0], inputChannels, inner), batchNorm(expand[1], inner, epsilon), relu6];
  const layers = [
    ...(expansion === 1 ? [] : expansionLayers),
    depthwiseConv(depthwise[0], inner, { kernelSize: 3, stride, padding }),
    batchNorm(depthwise[1], inner, epsilon),
    relu6,
    conv(project[0], inner, outputChannels),
    batchNorm(project[1], outputChannels, epsilon),
  ];
  return stride === 1 && inputChannels === outputChannels ? [residual(layers)] : layers;
}

import {
  averagePool,
  batchNorm,
  classifier,
  concat,
  conv,
  globalMeanPool,
  idle,
  maxPool,
  relu,
} from './layer-builders.js';
import type { Layer } from './layers.js';
import type { BlockDefinition, NetworkDefinition } from './network.js';

type Options = NonNullable<Parameters<typeof conv>[3]>;
/** A convolution with BatchNorm: name inside its module, channels, and how its window slides. */
type Step = readonly [name: string, outputChannels: number, options?: Options];

/** Windows of a row and of a column, which keep the size. */
const row = (length: number): Options => ({ kernelSize: [1, length], padding: [0, (length - 1) / 2] });
const column = (length: number): Options => ({ kernelSize: [length, 1], padding: [(length - 1) / 2, 0] });
const square = (size: number): Options => ({ kernelSize: size, padding: (size - 1) / 2 });
/** Halves the size: no padding. */
const halving: Options = { kernelSize: 3, stride: 2 };

/** The pooling of every Inception module that keeps the size. */
const meanOfNeighbours = averagePool(3, { padding: 1 });
const pool = maxPool(3, { stride: 2 });

/**
 * Inception v3 (Table 1 of arXiv 1512.00567), as torchvision has it, in the 14 blocks of the paper on BioTune.
 *
 * AuxLogits is part of torchvision's state and of the partition, so it is loaded and saved; it does not run
 * (`aux_logits=False`), and selecting its block trains nothing. Nor is there `transform_input`: normalisation belongs to
 * the weights. Dropout is left out, as the protocol has none. 75 px is torchvision's bound.
 */
export const inceptionV3: NetworkDefinition = {
  architecture: 'inception-v3',
  inputSizePxMin: 75,
  blocks: [
    {
      id: 'stem',
      displayName: 'Stem',
      layers: [
        ...chain('', 3, [
          ['Conv2d_1a_3x3', 32, halving],
          ['Conv2d_2a_3x3', 32, { kernelSize: 3 }],
          ['Conv2d_2b_3x3', 64, square(3)],
        ]),
        pool,
        ...chain('', 64, [
          ['Conv2d_3b_1x1', 80],
          ['Conv2d_4a_3x3', 192, { kernelSize: 3 }],
        ]),
        pool,
      ],
    },
    mixed('5b', inceptionA, 192, 32),
    mixed('5c', inceptionA, 256, 64),
    mixed('5d', inceptionA, 288, 64),
    mixed('6a', inceptionB, 288),
    mixed('6b', inceptionC, 768, 128),
    mixed('6c', inceptionC, 768, 160),
    mixed('6d', inceptionC, 768, 160),
    mixed('6e', inceptionC, 768, 192),
    { id: 'AuxLogits', displayName: 'Auxiliary head (not used)', layers: [idle(auxiliaryHead('AuxLogits.'))] },
    mixed('7a', inceptionD, 768),
    mixed('7b', inceptionE, 1280),
    mixed('7c', inceptionE, 2048),
    { id: 'fc', displayName: 'Head', layers: [globalMeanPool, classifier('fc', 2048)] },
  ],
};

function mixed(
  suffix: string,
  build: (prefix: string, inputChannels: number, width: number) => Layer,
  inputChannels: number,
  width = 0,
): BlockDefinition {
  const id = `Mixed_${suffix}`;
  return { id, displayName: `Mixed ${suffix}`, layers: [build(`${id}.`, inputChannels, width)] };
}

/** Figure 5: n x n as small windows. */
function inceptionA(prefix: string, inputs: number, poolChannels: number): Layer {
  return concat(
    chain(prefix, inputs, [['branch1x1', 64]]),
    chain(prefix, inputs, [
      ['branch5x5_1', 48],
      ['branch5x5_2', 64, square(5)],
    ]),
    chain(prefix, inputs, [
      ['branch3x3dbl_1', 64],
      ['branch3x3dbl_2', 96, square(3)],
      ['branch3x3dbl_3', 96, square(3)],
    ]),
    [meanOfNeighbours, ...chain(prefix, inputs, [['branch_pool', poolChannels]])],
  );
}

/** Figure 10: halves the size. */
function inceptionB(prefix: string, inputs: number): Layer {
  return concat(
    chain(prefix, inputs, [['branch3x3', 384, halving]]),
    chain(prefix, inputs, [
      ['branch3x3dbl_1', 64],
      ['branch3x3dbl_2', 96, square(3)],
      ['branch3x3dbl_3', 96, halving],
    ]),
    [pool],
  );
}

/** Figure 6: 7 x 7 as rows and columns. */
function inceptionC(prefix: string, inputs: number, width: number): Layer {
  return concat(
    chain(prefix, inputs, [['branch1x1', 192]]),
    chain(prefix, inputs, [
      ['branch7x7_1', width],
      ['branch7x7_2', width, row(7)],
      ['branch7x7_3', 192, column(7)],
    ]),
    chain(prefix, inputs, [
      ['branch7x7dbl_1', width],
      ['branch7x7dbl_2', width, column(7)],
      ['branch7x7dbl_3', width, row(7)],
      ['branch7x7dbl_4', width, column(7)],
      ['branch7x7dbl_5', 192, row(7)],
    ]),
    [meanOfNeighbours, ...chain(prefix, inputs, [['branch_pool', 192]])],
  );
}

/** Halves the size again. */
function inceptionD(prefix: string, inputs: number): Layer {
  return concat(
    chain(prefix, inputs, [
      ['branch3x3_1', 192],
      ['branch3x3_2', 320, halving],
    ]),
    chain(prefix, inputs, [
      ['branch7x7x3_1', 192],
      ['branch7x7x3_2', 192, row(7)],
      ['branch7x7x3_3', 192, column(7)],
      ['branch7x7x3_4', 192, halving],
    ]),
    [pool],
  );
}

/** Figure 7: rows and columns side by side. */
function inceptionE(prefix: string, inputs: number): Layer {
  const rowAndColumn = (first: string, second: string, inputChannels: number) =>
    concat(
      chain(prefix, inputChannels, [[first, 384, row(3)]]),
      chain(prefix, inputChannels, [[second, 384, column(3)]]),
    );
  return concat(
    chain(prefix, inputs, [['branch1x1', 320]]),
    [...chain(prefix, inputs, [['branch3x3_1', 384]]), rowAndColumn('branch3x3_2a', 'branch3x3_2b', 384)],
    [
      ...chain(prefix, inputs, [
        ['branch3x3dbl_1', 448],
        ['branch3x3dbl_2', 384, square(3)],
      ]),
      rowAndColumn('branch3x3dbl_3a', 'branch3x3dbl_3b', 384),
    ],
    [meanOfNeighbours, ...chain(prefix, inputs, [['branch_pool', 192]])],
  );
}

function auxiliaryHead(prefix: string): Layer[] {
  return [
    ...chain(prefix, 768, [
      ['conv0', 128],
      ['conv1', 768, { kernelSize: 5 }],
    ]),
    globalMeanPool,
    classifier(`${prefix}fc`, 768),
  ];
}

/** torchvision's BasicConv2d, one after the other. */
function chain(prefix: string, inputChannels: number, steps: readonly Step[]): Layer[] {
  return steps.flatMap(([name, outputChannels, options], index) => [
    conv(`${prefix}${name}.conv`, steps[index - 1]?.[1] ?? inputChannels, outputChannels, options),
    batchNorm(`${prefix}${name}.bn`, outputChannels, 1e-3),
    relu,
  ]);
}

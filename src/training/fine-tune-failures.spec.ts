import { describe, expect, it } from 'vitest';
import { plainTinyNetwork, tinyImages, tinyPixels } from '../../test/fixtures/tiny-network.js';
import { goldenWeights } from '../../test/fixtures/golden/fill.js';
import { leftovers, train } from '../../test/fixtures/training.js';
import { parameterSpecs } from '../networks/parameters.js';
import type { FineTuneOptions } from './fine-tune-options.js';
import { imagesInMemory } from './examples/image-batches.js';

const start = goldenWeights(parameterSpecs(plainTinyNetwork, 3));

/** The plain network with the weights of one layer so large that its output is infinite. */
function overflowing(layer: string): Partial<FineTuneOptions> {
  const name = `${layer}.weight`;
  const tensor = start.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  const huge = { ...tensor, data: tensor.data.map(() => 3e38) };
  return { network: plainTinyNetwork, pretrained: new Map([...start, [name, huge]]) };
}

describe('a loss that is not a number', () => {
  it.each([
    ['stem', 'stem', [1, 1, 1]],
    ['middle', 'wide', [1, 1, 1]],
    ['middle', 'wide', [1, 0, 1]],
    ['head', 'fc', [1, 1, 1]],
  ])('is traced to block %s, where %s overflows, with multipliers %j', async (block, layer, lrMultipliers) => {
    const before = leftovers();
    await expect(train({ ...overflowing(layer), lrMultipliers })).rejects.toMatchObject({
      reason: 'NAN_LOSS',
      metadata: { epoch: '1', step: '1', block, learningRate: '0.01' },
    });
    expect(leftovers()).toEqual(before);
  });

  it('names the step in which it came up, though reports are read later', async () => {
    const { pixels, labels } = tinyPixels(27);
    const images = imagesInMemory(pixels, labels, 8);
    const visited: number[] = [];
    const train27: FineTuneOptions['train'] = {
      ...images,
      read: function* (batches) {
        for (const batch of batches) {
          visited.push(batch.length);
          yield* images.read([batch]) as Iterable<Uint8Array>;
        }
      },
    };
    const optimizer = { type: 'SGD', weightDecay: 0, momentum: 0 } as const;
    // The first step moves the weights out of float32's range, so the second finds that.
    const failing = train({
      network: plainTinyNetwork,
      pretrained: start,
      train: train27,
      optimizer,
      baseLearningRate: 3e38,
    });
    await expect(failing).rejects.toMatchObject({
      reason: 'NAN_LOSS',
      metadata: { epoch: '1', step: '2', block: 'stem' },
    });
    expect(visited).toEqual([8, 8, 8, 3]);
  });

  it('in a later epoch comes after the reports of those before it', async () => {
    const reported: number[] = [];
    const failing = train(
      { epochCount: 5, optimizer: { type: 'SGD', weightDecay: 0, momentum: 0 }, ...lateOverflow() },
      { onEpoch: ({ epoch }) => void reported.push(epoch) },
    );
    await expect(failing).rejects.toMatchObject({ reason: 'NAN_LOSS', metadata: { epoch: '3' } });
    expect(reported).toEqual([1, 2]);
  });
});

/** Images that are black but in the third epoch, when they overflow the stem. */
function lateOverflow(): Partial<FineTuneOptions> {
  const images = tinyImages(27);
  const black = imagesInMemory(new Uint8Array(27 * 8 * 8 * 3), images.labels, 8);
  return {
    network: plainTinyNetwork,
    pretrained: start,
    normalization: { mean: [0, 0, 0], std: [1e-36, 1e-36, 1e-36] },
    train: {
      ...images,
      isAugmented: true,
      read: (batches, epoch) => (epoch === 3 ? images : black).read(batches, epoch),
    },
    validation: black,
  };
}

it.each<[string, Partial<FineTuneOptions>, object]>([
  ['BATCH_TOO_LARGE', { batchSize: 28 }, { batchSize: '28', imageCount: '27' }],
  [
    'CLASS_EMPTY',
    { train: imagesInMemory(new Uint8Array(4 * 192), Int32Array.of(0, 2, 0, 2), 8) },
    { classIndex: '1' },
  ],
  ['BATCH_OF_ONE', { microBatchSize: 1, lrMultipliers: [0, 1, 0] }, { blocks: 'middle' }],
])('refuses with %s, says why, and leaves nothing behind', async (reason, changes, metadata) => {
  const before = leftovers();
  await expect(train(changes)).rejects.toMatchObject({ reason, metadata });
  expect(leftovers()).toEqual(before);
});

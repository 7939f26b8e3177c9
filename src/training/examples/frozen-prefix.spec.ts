import { describe, expect, it } from 'vitest';
import { tinyImages, tinyNetworkCutAtClassifier } from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, numbersOf, tinyTraining, train } from '../../../test/fixtures/training.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { type LabelledImages, imageSource } from './image-batches.js';
import { ownParts } from '../loop/prepare-training.js';
import { SharedHeads } from '../loop/shared-heads.js';
import { PrefixCache } from './prefix-cache.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import { trainEpoch } from '../loop/train-epoch.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { plainStep } from '../../../test/fixtures/steps.js';

/** Every cut of the tiny network: the blocks before it are frozen. */
const CUTS: [string, Partial<FineTuneOptions>][] = [1, 2, 3].map((cut) => [
  `${cut} blocks`,
  { network: tinyNetworkCutAtClassifier, lrMultipliers: [0, 1, 2, 3].map((block) => (block < cut ? 0 : 1)) },
]);
CUTS.push(['all but the classifier', { technique: { type: 'LINEAR_PROBE' } }]);

/** Shared parts whose cache has no room at all. */
function partsWithoutRoom() {
  const parts = {
    functions: new TracedFunctions(),
    cache: new PrefixCache({ memoryBytesMax: 0 }),
    heads: new SharedHeads(),
  };
  return { ...parts, dispose: () => [parts.cache, parts.functions].forEach((part) => part.dispose()) };
}

/** Images with a list of how many were read at a time. */
function counted(images: LabelledImages): { images: LabelledImages; reads: number[] } {
  const reads: number[] = [];
  const read: LabelledImages['read'] = (batches, epoch) => {
    reads.push(batches.reduce((sum, { length }) => sum + length, 0));
    return images.read(batches, epoch);
  };
  return { images: { ...images, read }, reads };
}

describe.each(CUTS)('a frozen prefix of %s', (_, changes) => {
  it('gives the same bits from a cache and computed for each batch', async () => {
    const before = leftovers();
    const none = partsWithoutRoom();
    const cached = await train(changes);
    const computed = await train(changes, { shared: none });
    none.dispose();
    expect(computed.epochs.map(numbersOf)).toEqual(cached.epochs.map(numbersOf));
    expect(differingTensors(computed.weights, cached.weights)).toEqual([]);
    expect(leftovers()).toEqual(before);
  });
});

it.each([1, 2, 3])('gives the first epoch the loss of %i frozen blocks that run inside of the step', async (cut) => {
  const options = { ...tinyTraining, ...CUTS[cut - 1]?.[1] };
  const { epochs } = await train({ ...options, epochCount: 1 });
  const segments = blockSegments(options.network, options.lrMultipliers, 'EVAL');
  const state = new ModelState(segments, options.pretrained, 3);
  const source = imageSource(options.train, options.normalization);
  const { seed, batchSize, baseLearningRate: learningRate } = options;
  const settings = plainStep({ learningRate });
  const { trainLoss } = await trainEpoch(state, source, { epoch: 1, seed, batchSize, settings });
  expect(Math.abs((epochs[0]?.trainLoss ?? NaN) / trainLoss - 1)).toBeLessThan(1e-5);
  source.dispose();
  state.dispose();
});

describe('trainings that share a cache', () => {
  it('run a prefix once over each image, and once over the first for the shape', async () => {
    const shared = ownParts();
    const [first, second] = [counted(tinyImages(27)), counted(tinyImages(27))];
    const [one, other] = [
      await train({ lrMultipliers: [0, 0, 1], train: first.images }, { shared }),
      await train({ lrMultipliers: [0, 0, 1], train: second.images }, { shared }),
    ];
    expect(first.reads).toEqual([1, 27]);
    expect(second.reads).toEqual([]);
    expect(differingTensors(other.weights, one.weights)).toEqual([]);
    shared.dispose();
  });

  it('do not share the features of another cut', async () => {
    const shared = ownParts();
    const { images, reads } = counted(tinyImages(27));
    const alone = await train({ lrMultipliers: [0, 1, 1] });
    await train({ lrMultipliers: [0, 0, 1], train: images }, { shared });
    const after = await train({ lrMultipliers: [0, 1, 1], train: images }, { shared });
    expect(reads).toEqual([1, 27, 1, 27]);
    expect(differingTensors(after.weights, alone.weights)).toEqual([]);
    shared.dispose();
  });

  it('read images that vary anew in each epoch, and keep only the validation', async () => {
    const shared = ownParts();
    const { images, reads } = counted({ ...tinyImages(27), isAugmented: true });
    const epochs: (number | undefined)[] = [];
    const read: LabelledImages['read'] = (batches, epoch) => {
      epochs.push(epoch);
      return images.read(batches, epoch);
    };
    await train({ lrMultipliers: [0, 0, 1], train: { ...images, read } }, { shared });
    expect(reads).toEqual([27, 27, 27]);
    expect(epochs).toEqual([1, 2, 3]);
    // 21 validation images of 4 x 4 x 8 features.
    expect(shared.cache.bytes.memory).toBe(21 * 4 * 4 * 8 * 4);
    shared.dispose();
  });

  it('leave nothing behind when an image cannot be read, and can go on', async () => {
    const before = leftovers();
    const shared = ownParts();
    const images = tinyImages(27);
    const broken: LabelledImages = {
      ...images,
      read: function* (batches) {
        for (const batch of batches) {
          if (batch.includes(20)) throw new Error('the image is broken');
          yield* images.read([batch]) as Iterable<Uint8Array>;
        }
      },
    };
    await expect(train({ lrMultipliers: [0, 0, 1], train: broken }, { shared })).rejects.toThrow('image is broken');
    expect(shared.cache.bytes.memory).toBe(0);
    await train({ lrMultipliers: [0, 0, 1] }, { shared });
    shared.dispose();
    expect(leftovers()).toEqual(before);
  });
});

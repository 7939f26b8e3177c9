import { afterEach, describe, expect, it } from 'vitest';
import { tinyImages } from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, numbersOf, tinyTraining, train } from '../../../test/fixtures/training.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import type { FineTuneHooks, FineTuneResult } from '../fine-tune.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import { ownParts } from './prepare-training.js';
import type { TrainingCheckpoint } from './training-checkpoint.js';

let shared = ownParts();
afterEach(() => {
  shared.dispose();
  shared = ownParts();
});

/** A training from a probed head; the head is the same for every `seed`. */
const candidate = (changes: Partial<FineTuneOptions> = {}): Partial<FineTuneOptions> => ({
  headInit: 'PROBE',
  headSeed: 3,
  lrMultipliers: [0, 1, 0],
  ...changes,
});

const trainSharing = (changes: Partial<FineTuneOptions> = {}, hooks: Partial<FineTuneHooks> = {}) =>
  train(candidate(changes), { shared, ...hooks });

/** Whether a training of these options takes over a head that an earlier one has made. */
async function takesOver(changes: Partial<FineTuneOptions>): Promise<boolean> {
  let hasTakenOver = false;
  await trainSharing(changes, { onTakenOver: () => void (hasTakenOver = true) });
  return hasTakenOver;
}

function expectSame(found: FineTuneResult, expected: FineTuneResult): void {
  expect(found.epochs.map(numbersOf)).toEqual(expected.epochs.map(numbersOf));
  expect([found.bestEpoch, found.best]).toEqual([expected.bestEpoch, expected.best]);
  expect(differingTensors(found.weights, expected.weights)).toEqual([]);
}

describe('a head that another training has made', () => {
  it.each<[string, Partial<FineTuneOptions>]>([
    ['another candidate', { lrMultipliers: [1, 0.5, 2] }],
    ['the same candidate with norms and biases alone', { normBlocks: [1] }],
    ['the same candidate at rates by gradients', { technique: { type: 'AUTO_RGN', batchCount: 2 } }],
    ['another order of the examples', { seed: 5 }],
    ['BatchNorm of frozen blocks on batch statistics', { frozenBatchNorm: 'TRAIN' }],
    ['blocks that come to nothing, so that the head is the best', { lrMultipliers: [1000, 1000, 1] }],
  ])('gives a training of %s the bits of one that makes its own', async (_, changes) => {
    const before = leftovers();
    const alone = await train(candidate(changes));
    expect(leftovers()).toEqual(before);
    await trainSharing();
    const sharing = await trainSharing(changes);
    expectSame(sharing, alone);
    // So it is charged the same, whoever made the head.
    expect(sharing.stages).toEqual(alone.stages);
  });

  it('took no time here, and its epochs are reported together', async () => {
    const own: EpochMetrics[] = [];
    const { stages } = await trainSharing({}, { onEpoch: (epoch) => void own.push(epoch) });
    const headEpochs = own.slice(0, stages[0]?.epochCount);
    const taken: EpochMetrics[][] = [];
    const later: EpochMetrics[] = [];
    await trainSharing(
      { seed: 5 },
      { onTakenOver: (epochs) => void taken.push([...epochs]), onEpoch: (epoch) => void later.push(epoch) },
    );
    expect(taken).toEqual([headEpochs.map((epoch) => ({ ...epoch, seconds: 0 }))]);
    expect(later[0]?.epoch).toBe(headEpochs.length + 1);
  });

  it.each<[string, Partial<FineTuneOptions>]>([
    ['source', { train: tinyImages(27, 'others'), sourceKey: 'others' }],
    ['head seed', { headSeed: 4 }],
    ['learning rate', { baseLearningRate: 0.02 }],
    ['number of epochs', { epochCount: 2 }],
    ['batch size', { batchSize: 7 }],
    ['size of micro-batches', { microBatchSize: 4 }],
    ['optimizer', { optimizer: { type: 'SGD', weightDecay: 0, momentum: 0.9 } }],
    ['pull of the head', { technique: { type: 'L2_SP', alpha: 0.5, beta: 0.1 } }],
    ['objective', { objective: { fitness: 'LOSS', lossWeight: 0 } }],
  ])('is not taken over by a training with another %s', async (_, changes) => {
    await trainSharing();
    expect(await takesOver({ seed: 5 })).toBe(true);
    expect(await takesOver(changes)).toBe(false);
  });

  it.each<[string, Partial<FineTuneOptions>]>([
    ['of norms and biases of a block', { normBlocks: [1] }],
    ['at rates by gradients', { technique: { type: 'AUTO_RGN', batchCount: 2 } }],
  ])('is taken over by a training %s', async (_, changes) => {
    await trainSharing();
    expect(await takesOver(changes)).toBe(true);
  });

  it('is not taken over where images vary, which each training has its own of', async () => {
    const images = { ...tinyTraining.train, isAugmented: true };
    await trainSharing({ train: images });
    expect(await takesOver({ train: images, seed: 5 })).toBe(false);
  });

  it('is not the result of a linear probe, which is trained for itself', async () => {
    const probe = { technique: { type: 'LINEAR_PROBE' }, headInit: 'RANDOM', lrMultipliers: [0, 0, 1] } as const;
    await trainSharing();
    await trainSharing(probe);
    expect(await takesOver(probe)).toBe(false);
  });
});

describe('a checkpoint', () => {
  const checkpointsOf = async (hooks: Partial<FineTuneHooks> = {}) => {
    const checkpoints: TrainingCheckpoint[] = [];
    const onEpoch = (_: unknown, checkpoint: () => TrainingCheckpoint) => void checkpoints.push(checkpoint());
    await train(candidate(), { onEpoch, ...hooks });
    return checkpoints;
  };

  it('after a head that was taken over goes on to the same end in another process', async () => {
    const alone = await train(candidate());
    await trainSharing({ seed: 5 });
    const checkpoints = await checkpointsOf({ shared });
    expect(checkpoints.map(({ stages }) => stages.length)).toEqual([1, 1, 1]);
    for (const resumeFrom of checkpoints) expectSame(await train(candidate(), { resumeFrom }), alone);
  });

  it('inside of the head goes on where the head is known, and leaves a head that others take over', async () => {
    const alone = await train(candidate());
    const resumeFrom = (await checkpointsOf())[0];
    if (resumeFrom === undefined) throw new Error('no checkpoint');
    expect(resumeFrom.stages).toEqual([]);
    const reported: number[] = [];
    const onEpoch = ({ epoch }: EpochMetrics) => void reported.push(epoch);
    expectSame(await trainSharing({}, { resumeFrom, onEpoch }), alone);
    expectSame(await trainSharing({}, { resumeFrom }), alone);
    expect(reported).toEqual(alone.epochs.slice(1).map(({ epoch }) => epoch));
    expect(await takesOver({})).toBe(true);
    expectSame(await trainSharing(), alone);
  });
});

import { describe, expect, it } from 'vitest';
import {
  differingTensors,
  leftovers,
  macroAccuraciesOf,
  numbersOf,
  tinyTraining,
  train,
  trainUnvalidated,
} from '../../../test/fixtures/training.js';
import { fineTune } from '../fine-tune.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { learningRateOf } from './learning-rate.js';
import type { TrainingCheckpoint } from './training-checkpoint.js';

const COSINE = { type: 'COSINE', epochCount: 10 } as const;
const PROBED: Partial<FineTuneOptions> = { headInit: 'PROBE', headSeed: 3, epochCount: 10, schedule: COSINE };

describe('a training without validation images', () => {
  it('has as many epochs as it was given, none of them validated, and ends with the last', async () => {
    const before = leftovers();
    // Nothing moves: with validation images it would stop after the second epoch.
    const result = await trainUnvalidated([5], { baseLearningRate: 1e-12, epochCount: 10, patienceEpochs: 1 });
    expect(leftovers()).toEqual(before);
    expect(result.epochs).toHaveLength(5);
    for (const epoch of result.epochs) {
      expect(Object.keys(epoch).filter((name) => name.startsWith('validation'))).toEqual([]);
    }
    expect(result).toMatchObject({ bestEpoch: 5, best: {}, stageBestEpochs: [5] });
  });

  it('comes to the weights of the last epoch of one that was validated, to the bit', async () => {
    const ends: TrainingCheckpoint[] = [];
    const onEpoch = (_: unknown, checkpoint: () => TrainingCheckpoint) => void ends.push(checkpoint());
    await train({ epochCount: 4, patienceEpochs: 4, schedule: { type: 'COSINE', epochCount: 4 } }, { onEpoch });
    const { weights } = await trainUnvalidated([4], { epochCount: 10, schedule: COSINE });
    const last = ends.at(-1)?.weights ?? new Map();
    expect(last.size).toBeGreaterThan(0);
    expect(differingTensors(weights, last)).toEqual([]);
  });

  it('gives the same bits again, and others for another seed', async () => {
    const [one, same, other] = [
      await trainUnvalidated([2, 3], PROBED),
      await trainUnvalidated([2, 3], PROBED),
      await trainUnvalidated([2, 3], { ...PROBED, seed: 559 }),
    ];
    expect(differingTensors(same.weights, one.weights)).toEqual([]);
    expect(differingTensors(other.weights, one.weights).length).toBeGreaterThan(0);
  });

  it('gives each stage its own epochs, and a cosine that ends with them', async () => {
    const { epochs, stages, stageBestEpochs } = await trainUnvalidated([2, 3], { ...PROBED, baseLearningRate: 0.05 });
    expect(stages.map(({ epochCount }) => epochCount)).toEqual([2, 3]);
    expect(stageBestEpochs).toEqual([2, 3]);
    const rate = (epoch: number, epochCount: number) => learningRateOf(0.05, epoch, { type: 'COSINE', epochCount });
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([
      rate(1, 2),
      rate(2, 2),
      rate(1, 3),
      rate(2, 3),
      rate(3, 3),
    ]);
  });

  it('keeps a cosine that does not end with the epochs of the protocol', async () => {
    const schedule = { type: 'COSINE', epochCount: 100 } as const;
    const { epochs } = await trainUnvalidated([2, 3], { ...PROBED, schedule, baseLearningRate: 0.05 });
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual(
      [1, 2, 1, 2, 3].map((epoch) => learningRateOf(0.05, epoch, schedule)),
    );
  });

  it('goes on from a checkpoint to the same bits', async () => {
    const checkpoints: TrainingCheckpoint[] = [];
    const onEpoch = (_: unknown, checkpoint: () => TrainingCheckpoint) => void checkpoints.push(checkpoint());
    const whole = await trainUnvalidated([2, 3], PROBED, { onEpoch });
    const resumeFrom = checkpoints[3];
    if (resumeFrom === undefined) throw new Error('no checkpoint');
    const resumed = await trainUnvalidated([2, 3], PROBED, { resumeFrom });
    expect(resumed.epochs.map(numbersOf)).toEqual(whole.epochs.map(numbersOf));
    expect(resumed.stageBestEpochs).toEqual([2, 3]);
    expect(differingTensors(resumed.weights, whole.weights)).toEqual([]);
  });

  it('is told when its weights are no longer finite, though no validation shows it', async () => {
    const diverging = trainUnvalidated([1], { batchSize: 27, baseLearningRate: Infinity });
    await expect(diverging).rejects.toMatchObject({ reason: 'NAN_LOSS' });
    await expect(diverging).rejects.toThrow(/weights of block \w+ are not finite after epoch 1/);
  });

  it('is refused with nothing that ends it, or with two things', async () => {
    const { validation: _none, ...endless } = tinyTraining;
    const onEpoch = () => undefined;
    for (const options of [endless, { ...tinyTraining, stageEpochCounts: [1] }]) {
      await expect(fineTune(options, { onEpoch })).rejects.toThrow('has validation images, or stageEpochCounts');
    }
  });

  it('is refused with epochs for another number of stages', async () => {
    await expect(trainUnvalidated([1, 2])).rejects.toThrow('stageEpochCounts are 1, 2; the training has 1 stages');
  });
});

describe('the best epochs of the stages', () => {
  const probed = { ...PROBED, patienceEpochs: 3 };

  it('are those that the next stage began with, and that the training ended with', async () => {
    const { epochs, stages, stageBestEpochs, bestEpoch } = await train(probed);
    const [head = NaN] = stages.map(({ epochCount }) => epochCount);
    const accuracies = macroAccuraciesOf(epochs).slice(0, head);
    expect(stageBestEpochs[0]).toBe(1 + accuracies.indexOf(Math.max(...accuracies)));
    expect(stageBestEpochs[1]).toBe(Math.max(0, bestEpoch - head));
  });

  it('are 0 where no epoch was better than the head', async () => {
    const objective = { fitness: 'LOSS', lossWeight: 0 } as const;
    const inOneBatch = { batchSize: 27, patienceEpochs: 2, epochCount: 12, baseLearningRate: 0.05 };
    const broken = { ...inOneBatch, objective, headInit: 'PROBE', lrMultipliers: [1000, 1000, 1] } as const;
    const { stageBestEpochs, bestEpoch, stages } = await train(broken);
    expect(bestEpoch).toBeLessThanOrEqual(stages[0]?.epochCount ?? 0);
    expect(stageBestEpochs).toEqual([bestEpoch, 0]);
  });
});

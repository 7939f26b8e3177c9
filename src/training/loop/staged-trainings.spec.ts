import { describe, expect, it } from 'vitest';
import { plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetworkCutAtClassifier, wholeBatch } from '../../../test/fixtures/tiny-network.js';
import {
  differingTensors,
  leftovers,
  macroAccuraciesOf,
  numbersOf,
  tinyTraining,
  train,
} from '../../../test/fixtures/training.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import { loadWeights, type Weights } from '../../networks/weights.js';
import { tf } from '../device/backend.js';
import { lossAndGradients } from './batch-gradients.js';
import { imageSource } from '../examples/image-batches.js';
import { learningRateOf } from './learning-rate.js';
import { blockSegments, ModelState } from '../model/model-state.js';
import type { TrainingCheckpoint } from './training-checkpoint.js';

const GRADUAL = { type: 'GRADUAL_UNFREEZING' } as const;

/** All images in one batch, so that an epoch's loss is that of the weights it begins with. */
const inOneBatch = { batchSize: 27, patienceEpochs: 2, epochCount: 12, baseLearningRate: 0.3 };
const start = loadWeights(tinyTraining.network, tinyTraining.pretrained, 3, tinyTraining.seed);

/** The loss over all training images, with batch statistics. */
async function lossWith(weights: Weights): Promise<number> {
  const state = new ModelState(blockSegments(tinyTraining.network, [1, 1, 1], 'EVAL'), weights, 3);
  const source = imageSource(tinyTraining.train, tinyTraining.normalization);
  const input = await wholeBatch(source);
  const found = lossAndGradients(state, { input, labels: source.labels }, plainStep());
  tf.dispose([input, ...found.gradients.values(), ...found.statistics.values()]);
  source.dispose();
  state.dispose();
  return found.loss;
}

describe('a training that begins with a probed head', () => {
  it('begins as the linear probe with the same seed, to the bit', async () => {
    const checkpoints: TrainingCheckpoint[] = [];
    const onEpoch = (_: unknown, checkpoint: () => TrainingCheckpoint) => void checkpoints.push(checkpoint());
    const probe = await train({ ...inOneBatch, technique: { type: 'LINEAR_PROBE' } });
    const both = await train({ ...inOneBatch, headInit: 'PROBE' }, { onEpoch });
    const probed = both.epochs.slice(0, probe.epochs.length);
    expect(probed.map(numbersOf)).toEqual(probe.epochs.map(numbersOf));
    const { bestWeights = new Map() } = checkpoints[probed.length - 1] ?? {};
    expect([...bestWeights.keys()]).toEqual(['fc.weight', 'fc.bias']);
    expect(differingTensors(probe.weights, bestWeights)).toEqual([]);
  });

  it('goes on from the best head of the probe, not from its last', async () => {
    const technique = { type: 'LINEAR_PROBE' } as const;
    const probe = await train({ ...inOneBatch, technique });
    let last: Weights = new Map();
    await train({ ...inOneBatch, technique }, { onEpoch: (_, checkpoint) => void (last = checkpoint().weights) });
    const losses = [await lossWith(probe.weights), await lossWith(new Map([...start, ...last])), await lossWith(start)];
    const [best = NaN, ofLast = NaN, ofStart = NaN] = losses;
    const { epochs } = await train({ ...inOneBatch, headInit: 'PROBE' });
    const relativeDistance = Math.abs((epochs[probe.epochs.length]?.trainLoss ?? NaN) / best - 1);
    expect(relativeDistance).toBeLessThan(1e-5);
    expect(Math.abs(ofLast / best - 1)).toBeGreaterThan(1e-3);
    expect(Math.abs(ofStart / best - 1)).toBeGreaterThan(1e-3);
  });

  it('numbers epochs through, starts the schedule again, and ends with the best of all', async () => {
    const schedule = { type: 'COSINE', epochCount: 10 } as const;
    const { epochs, stages, bestEpoch, best, trainedParameterCount } = await train({
      headInit: 'PROBE',
      schedule,
      baseLearningRate: 0.05,
    });
    const [probe = NaN, all = NaN] = stages.map(({ epochCount }) => epochCount);
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: probe + all }, (_, index) => index + 1));
    const rates = [probe, all].flatMap((count) => Array.from({ length: count }, (_, index) => index + 1));
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual(
      rates.map((epoch) => learningRateOf(0.05, epoch, schedule)),
    );
    const accuracies = macroAccuraciesOf(epochs);
    expect(bestEpoch).toBe(1 + accuracies.indexOf(Math.max(...accuracies)));
    expect(best.validationMacroAccuracy).toBe(Math.max(...accuracies));
    expect(trainedParameterCount).toBe(8 * 3 * 9 + 16 + (8 * 9 + 16) + (16 * 8 + 32) + (3 * 16 + 3));
  });

  it('says what it did', async () => {
    const { blocks } = tinyTraining.network;
    const { stages } = await train({ headInit: 'PROBE', lrMultipliers: [0, 1, 1] });
    const [stem = [], middle = [], head = []] = blocks.map(({ layers }) => layers);
    expect(stages).toEqual([
      {
        parts: [
          { layers: [...stem, ...middle, ...head.slice(0, -1)], isTrained: false },
          { layers: head.slice(-1), isTrained: true },
        ],
        isPrefixCached: true,
        epochCount: 3,
      },
      {
        parts: [
          { layers: stem, isTrained: false },
          { layers: middle, isTrained: true },
          { layers: head, isTrained: true },
        ],
        isPrefixCached: true,
        epochCount: 3,
      },
    ]);
  });

  it('keeps that head where its block is frozen', async () => {
    const options = { ...inOneBatch, objective: { fitness: 'LOSS', lossWeight: 0 } } as const;
    const probe = await train({ ...options, technique: { type: 'LINEAR_PROBE' } });
    const { weights } = await train({ ...options, headInit: 'PROBE', lrMultipliers: [0.02, 0.02, 0] });
    const changed = differingTensors(weights, probe.weights);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.filter((name) => name.startsWith('fc.'))).toEqual([]);
  });

  it('has the head of one seed and the order of another', async () => {
    const options = { ...inOneBatch, headInit: 'PROBE', headSeed: 3 } as const;
    const probe = await train({ ...inOneBatch, technique: { type: 'LINEAR_PROBE' }, seed: 3, headSeed: 3 });
    const [first, second] = [await train({ ...options, seed: 4 }), await train({ ...options, seed: 5 })];
    for (const { epochs } of [first, second]) {
      expect(epochs.slice(0, probe.epochs.length).map(numbersOf)).toEqual(probe.epochs.map(numbersOf));
    }
    expect(differingTensors(first.weights, second.weights).length).toBeGreaterThan(0);
  });

  it('ends with the head alone where nothing after it is better, and waits for that as long as for any epoch', async () => {
    const options = { ...inOneBatch, baseLearningRate: 0.05, objective: { fitness: 'LOSS', lossWeight: 0 } } as const;
    const probe = await train({ ...options, technique: { type: 'LINEAR_PROBE' } });
    const broken = { ...options, headInit: 'PROBE', lrMultipliers: [1000, 1000, 1] } as const;
    const { weights, stages, ...found } = await train(broken);
    expect(found.bestEpoch).toBe(probe.bestEpoch);
    expect(found.best).toEqual(probe.best);
    expect(differingTensors(weights, probe.weights)).toEqual([]);
    expect(stages[1]?.epochCount).toBe(inOneBatch.patienceEpochs);
    const checkpoints: TrainingCheckpoint[] = [];
    await train(broken, { onEpoch: (_, checkpoint) => void checkpoints.push(checkpoint()) });
    const resumeFrom = checkpoints.at(-1);
    if (resumeFrom === undefined) throw new Error('no checkpoint');
    expect(differingTensors((await train(broken, { resumeFrom })).weights, probe.weights)).toEqual([]);
  });
});

describe('gradual unfreezing', () => {
  const network = tinyNetworkCutAtClassifier;
  const blockOf = new Map(
    network.blocks.flatMap(({ id, layers }) =>
      layerParameterSpecs(layers, 0, 3).flatMap(({ name, isBuffer }) => (isBuffer ? [] : [[name, id] as const])),
    ),
  );

  it.each(['EVAL', 'TRAIN'] as const)('moves one block more each epoch, BatchNorm in %s', async (frozenBatchNorm) => {
    const before = leftovers();
    const moved: string[][] = [];
    const rates: number[] = [];
    const { stages, bestEpoch } = await train(
      { network, technique: GRADUAL, lrMultipliers: [1, 1, 1, 1], epochCount: 2, frozenBatchNorm },
      {
        onEpoch: ({ learningRate }, checkpoint) => {
          const names = differingTensors(new Map([...start, ...checkpoint().weights]), start);
          moved.push([...new Set(names.flatMap((name) => blockOf.get(name) ?? []))]);
          rates.push(learningRate);
        },
      },
    );
    const all = ['stem', 'middle', 'features', 'classifier'];
    expect(moved).toEqual([all.slice(3), all.slice(2), all.slice(1), all, all]);
    expect(rates).toEqual([1, 2, 3, 1, 2].map((epoch) => learningRateOf(0.01, epoch, tinyTraining.schedule)));
    expect(stages.map(({ epochCount }) => epochCount)).toEqual([1, 1, 1, 2]);
    expect(stages.map(({ parts }) => parts.filter(({ isTrained }) => isTrained).length)).toEqual([1, 2, 3, 4]);
    const isFixed = frozenBatchNorm === 'EVAL';
    expect(stages.map(({ isPrefixCached }) => isPrefixCached)).toEqual([isFixed, isFixed, isFixed, false]);
    expect(bestEpoch).toBeGreaterThan(3);
    expect(leftovers()).toEqual(before);
  });

  it('goes on from where the epoch before it ended', async () => {
    const options = { network, technique: GRADUAL, lrMultipliers: [1, 1, 1, 1], batchSize: 27, epochCount: 1 };
    const ends: Weights[] = [];
    const onEpoch = (_: unknown, checkpoint: () => TrainingCheckpoint) =>
      void ends.push(new Map([...start, ...checkpoint().weights]));
    const { epochs } = await train(options, { onEpoch });
    const [third] = ends.slice(2);
    // In the last stage every block uses batch statistics, as in `lossWith`.
    expect(Math.abs((epochs[3]?.trainLoss ?? NaN) / (await lossWith(third ?? start)) - 1)).toBeLessThan(1e-5);
    expect(Math.abs((epochs[3]?.trainLoss ?? NaN) / (await lossWith(start)) - 1)).toBeGreaterThan(1e-3);
  });
});

import { describe, expect, it } from 'vitest';
import { differingTensors, leftovers, numbersOf, train } from '../../../test/fixtures/training.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import type { FineTuneResult } from '../fine-tune.js';
import type { TrainingCheckpoint } from './training-checkpoint.js';

/** A training with its checkpoint after each epoch. */
async function withCheckpoints(options: Partial<FineTuneOptions>) {
  const checkpoints: TrainingCheckpoint[] = [];
  const result = await train(options, { onEpoch: (_, checkpoint) => void checkpoints.push(checkpoint()) });
  return { result, checkpoints };
}

function expectSame(found: FineTuneResult, expected: FineTuneResult): void {
  expect(found.epochs.map(numbersOf)).toEqual(expected.epochs.map(numbersOf));
  expect(found.bestEpoch).toBe(expected.bestEpoch);
  expect(found.best).toEqual(expected.best);
  expect(found.stages).toEqual(expected.stages);
  expect(differingTensors(found.weights, expected.weights)).toEqual([]);
}

const sgd = { type: 'SGD', weightDecay: 0.01, momentum: 0.9 } as const;
const adamW = { type: 'ADAMW', weightDecay: 0.1 } as const;

describe.each<[string, Partial<FineTuneOptions>]>([
  ['Adam', {}],
  ['AdamW', { optimizer: adamW }],
  ['SGD', { optimizer: sgd }],
  ['a frozen prefix, BatchNorm in EVAL', { lrMultipliers: [0, 1, 2] }],
  ['a frozen prefix, BatchNorm in TRAIN', { lrMultipliers: [0, 0, 2], frozenBatchNorm: 'TRAIN', optimizer: adamW }],
  ['a frozen block in the middle, BatchNorm in EVAL', { lrMultipliers: [1, 0, 2], optimizer: sgd }],
  ['a frozen block in the middle, BatchNorm in TRAIN', { lrMultipliers: [1, 0, 2], frozenBatchNorm: 'TRAIN' }],
  ['the classifier alone', { technique: { type: 'LINEAR_PROBE' } }],
  ['relative gradients', { technique: { type: 'AUTO_RGN', batchCount: 2 }, frozenBatchNorm: 'TRAIN' }],
  ['low-rank changes', { technique: { type: 'LORA', rank: 2, alpha: 4 }, frozenBatchNorm: 'TRAIN', optimizer: adamW }],
  [
    'low-rank changes over a frozen prefix',
    { technique: { type: 'LORA', rank: 1, alpha: 1 }, lrMultipliers: [0, 1, 2] },
  ],
  ['norms and biases', { technique: { type: 'NORM_TUNE' } }],
  ['norms and biases of one block', { headInit: 'PROBE', lrMultipliers: [0, 1, 1], normBlocks: [1] }],
  ['blocks near their start (L2)', { technique: { type: 'L2_SP', alpha: 0.5, beta: 0.1 } }],
  ['blocks near their start (L1)', { technique: { type: 'L1_SP', alpha: 0.5, beta: 0.1 }, lrMultipliers: [0, 1, 2] }],
  ['the classifier and then all', { headInit: 'PROBE', patienceEpochs: 1 }],
  [
    'a head and then what is before it',
    { headInit: 'PROBE', headSeed: 3, lrMultipliers: [0, 1, 0], warmupStepCount: 7 },
  ],
  ['a block more each epoch', { technique: { type: 'GRADUAL_UNFREEZING' }, frozenBatchNorm: 'TRAIN' }],
  [
    'micro-batches, class weights and clipping',
    { microBatchSize: 3, classWeighting: 'BALANCED', gradientNormMax: 0.5 },
  ],
])('a training of %s', (_, changes) => {
  const options = { epochCount: 4, patienceEpochs: 4, ...changes };

  it('that is stopped after any epoch and resumed ends as one that was not stopped', async () => {
    const whole = await withCheckpoints(options);
    expect(whole.checkpoints.length).toBe(whole.result.epochs.length);
    const before = leftovers();
    for (const resumeFrom of whole.checkpoints) {
      const reported: number[] = [];
      const onEpoch = ({ epoch }: { epoch: number }) => void reported.push(epoch);
      expectSame(await train(options, { resumeFrom, onEpoch }), whole.result);
      const all = whole.result.epochs.map(({ epoch }) => epoch);
      expect(reported).toEqual(all.slice(resumeFrom.epochs.length));
    }
    expect(leftovers()).toEqual(before);
  });
});

describe('a checkpoint', () => {
  it('stays as it is while the training goes on', async () => {
    const short = await withCheckpoints({ epochCount: 1 });
    const long = await withCheckpoints({ epochCount: 3 });
    const [expected, found] = [short.checkpoints[0], long.checkpoints[0]];
    if (expected === undefined || found === undefined) throw new Error('no checkpoint');
    expect(found.epochs.length).toBe(1);
    expect(differingTensors(found.weights, expected.weights)).toEqual([]);
    expect(differingTensors(found.bestWeights, expected.bestWeights)).toEqual([]);
    expect(found.optimizer).toEqual(expected.optimizer);
  });

  it('carries the epochs that early stopping counts', async () => {
    // Nothing moves, so the first epoch stays the best.
    const options = { baseLearningRate: 1e-12, epochCount: 20, patienceEpochs: 4 };
    const { result, checkpoints } = await withCheckpoints(options);
    for (const resumeFrom of checkpoints) expectSame(await train(options, { resumeFrom }), result);
    expect(result.epochs.length).toBe(result.bestEpoch + 4);
    expect(result.epochs.length).toBeLessThan(20);
  });

  it('knows the best weights of an epoch before it', async () => {
    // At this rate some epoch is worse than the one before it.
    const options = { epochCount: 4, patienceEpochs: 4, baseLearningRate: 0.3 };
    const { result, checkpoints } = await withCheckpoints(options);
    const resumeFrom = checkpoints[result.bestEpoch];
    if (resumeFrom === undefined) throw new Error('the best epoch is the last: choose another rate');
    const resumed = await train(options, { resumeFrom });
    expect(resumed.bestEpoch).toBe(result.bestEpoch);
    expect(differingTensors(resumed.weights, resumeFrom.bestWeights)).toEqual([]);
    expect(differingTensors(resumeFrom.weights, resumeFrom.bestWeights).length).toBeGreaterThan(0);
  });
});

it('nine epochs are the first nine of thirty, to the bit', async () => {
  const schedule = { type: 'COSINE', epochCount: 100 } as const;
  const nine = await withCheckpoints({ schedule, epochCount: 9, patienceEpochs: 30 });
  const thirty = await withCheckpoints({ schedule, epochCount: 30, patienceEpochs: 30 });
  expect(nine.result.epochs.map(numbersOf)).toEqual(thirty.result.epochs.slice(0, 9).map(numbersOf));
  const [found, expected] = [thirty.checkpoints[8], nine.checkpoints[8]];
  expect(differingTensors(found?.weights ?? new Map(), expected?.weights ?? new Map())).toEqual([]);
  expect(found?.optimizer).toEqual(expected?.optimizer);
});

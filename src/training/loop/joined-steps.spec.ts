import { describe, expect, it } from 'vitest';
import { plainStep } from '../../../test/fixtures/steps.js';
import { tinyNetworkCutAtClassifier, tinyWeights } from '../../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, numbersOf, tinyTraining, train } from '../../../test/fixtures/training.js';
import { randomStream } from '../../random/random-stream.js';
import { type Execution, tf } from '../device/backend.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { PrefixCache } from '../examples/prefix-cache.js';
import { memoryRecordStore, type OpenRecordStore, type RecordStore } from '../examples/record-store.js';
import { TracedFunctions } from '../graph/traced-functions.js';
import { blockSegments, ModelState, type ModelStateOptions } from '../model/model-state.js';
import { type EpochStepsOptions, stepsOf } from './epoch-steps.js';
import { canBeJoined, joinedSteps } from './joined-steps.js';
import { SharedHeads } from './shared-heads.js';
import { trainStep } from './train-step.js';

const EXAMPLE_COUNT = 27;
const FEATURE_COUNT = 16;
const LABELS = Int32Array.from({ length: EXAMPLE_COUNT }, (_, example) => example % 3);
const next = randomStream('features');
const FEATURES = new Float32Array(EXAMPLE_COUNT * FEATURE_COUNT).map(() => next() * 6);
const EPOCH: EpochStepsOptions = { epoch: 1, seed: 1, batchSize: 8, settings: plainStep({ learningRate: 0.05 }) };

/** The classifier of the tiny network, in a block of its own. */
function classifierState(options: ModelStateOptions): ModelState {
  const segments = blockSegments(tinyNetworkCutAtClassifier, [0, 0, 0, 1], 'EVAL').slice(-1);
  return new ModelState(segments, tinyWeights(), 3, options);
}

/** Reports and weights of an epoch. */
function outcome(
  execution: Execution,
  options: ModelStateOptions,
  epoch: EpochStepsOptions,
  isJoined: boolean,
): { reports: number[][]; weights: ReturnType<ModelState['toHost']> } {
  const functions = new TracedFunctions(execution);
  const state = classifierState({ ...options, functions });
  const held = tf.tensor2d(FEATURES, [EXAMPLE_COUNT, FEATURE_COUNT]);
  const steps = stepsOf(LABELS, epoch);
  const alone = () =>
    steps.map(({ examples, labels, settings }) => {
      const input = tf.gather(held, tf.tensor1d(examples, 'int32'));
      return trainStep(state, { input, labels }, settings);
    });
  const reports = tf.tidy(() =>
    (isJoined ? joinedSteps(state, held, steps) : alone()).map((report) => [...report.dataSync()]),
  );
  const weights = state.toHost();
  held.dispose();
  state.dispose();
  functions.dispose();
  return { reports, weights };
}

describe.each<Execution>(['TRACED', 'EAGER'])('joined steps, %s', (execution) => {
  it.each<[string, ModelStateOptions, Partial<EpochStepsOptions>]>([
    ['Adam', {}, {}],
    ['AdamW', { optimizer: { type: 'ADAMW', weightDecay: 0.1 } }, {}],
    ['SGD', { optimizer: { type: 'SGD', weightDecay: 0.01, momentum: 0.9 } }, {}],
    ['a pull of the head', { technique: { type: 'L2_SP', alpha: 0.5, beta: 0.1 } }, {}],
    ['rates that climb', {}, { warmup: { stepCount: 3, epochsBefore: 0 } }],
    [
      'smoothing, class weights and clipping',
      {},
      { settings: { ...EPOCH.settings, labelSmoothing: 0.1, classWeights: [0.5, 3, 1], gradientNormMax: 0.1 } },
    ],
  ])('have the bits of steps one by one: %s', (_, options, changes) => {
    const before = leftovers();
    const epoch = { ...EPOCH, ...changes };
    const [joined, alone] = [true, false].map((isJoined) => outcome(execution, options, epoch, isJoined));
    expect(joined?.reports).toEqual(alone?.reports);
    expect(joined?.reports.length).toBe(4);
    expect(differingTensors(joined?.weights ?? new Map(), alone?.weights ?? new Map())).toEqual([]);
    expect(differingTensors(joined?.weights ?? new Map(), tinyWeights())).toContain('fc.weight');
    expect(leftovers()).toEqual(before);
  });
});

describe('steps', () => {
  it('can be joined where no batch is cut and no running statistics move', () => {
    const state = classifierState({});
    expect(canBeJoined(state, stepsOf(LABELS, EPOCH))).toBe(true);
    const cut = { ...EPOCH, settings: { ...EPOCH.settings, microBatchSize: 4 } };
    expect(canBeJoined(state, stepsOf(LABELS, cut))).toBe(false);
    state.dispose();
    const moving = new ModelState(blockSegments(tinyNetworkCutAtClassifier, [0, 0, 1, 1], 'EVAL'), tinyWeights(), 3);
    expect(canBeJoined(moving, stepsOf(LABELS, EPOCH))).toBe(false);
    moving.dispose();
  });
});

it.each<[string, Partial<FineTuneOptions>]>([
  // Batches of one size: the convolutions of another one may round features otherwise.
  ['more steps than one function has', { batchSize: 3 }],
  ['micro-batches', { batchSize: 9, microBatchSize: 3 }],
])('a linear probe with %s has the epochs of one whose features are not kept', async (_, changes) => {
  const options = { technique: { type: 'LINEAR_PROBE' }, ...changes } as const;
  const kept = await train(options);
  const vary = await train({ ...options, train: { ...tinyTraining.train, isAugmented: true } });
  expect(vary.epochs.map(numbersOf)).toEqual(kept.epochs.map(numbersOf));
  expect(differingTensors(vary.weights, kept.weights)).toEqual([]);
});

it('reads kept features once for all epochs of a linear probe, and once more for the epoch whose step is measured', async () => {
  let readCount = 0;
  const open: OpenRecordStore = (...sizes) => {
    const records = memoryRecordStore(...sizes);
    const read: RecordStore['read'] = (batches) => {
      readCount += 1;
      return records.read(batches);
    };
    return { ...records, read };
  };
  const functions = new TracedFunctions();
  const cache = new PrefixCache({ memoryBytesMax: 0, spill: { open, bytesMax: 2 ** 20 } });
  const options = { technique: { type: 'LINEAR_PROBE' }, epochCount: 4, patienceEpochs: 4 } as const;
  const { epochs } = await train(options, { shared: { functions, cache, heads: new SharedHeads() } });
  cache.dispose();
  functions.dispose();
  expect(epochs).toHaveLength(4);
  const [ofTrain, ofValidation, measured] = [1, 1, 1];
  expect(readCount).toBe(ofTrain + ofValidation + measured);
});

import { beforeAll, expect, it } from 'vitest';
import type { TrainResult, TrainSpec } from '../../src/domain/task.js';
import {
  coordinator,
  importImages,
  outcomeOf,
  setUpWorkers,
  startWorker,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

const RETRAINING = { stageEpochCounts: [2, 3] };

/** A training from a probed head, over a frozen prefix. */
function specOf(changes: Partial<TrainSpec>): { train: TrainSpec } {
  const { train } = trainSpec(10, { keepWeights: true, ...changes });
  return { train: { ...train, training: { ...train.training, headInit: 'PROBE', cosineEpochCount: 10 } } };
}

async function trained(changes: Partial<TrainSpec>): Promise<TrainResult & { readonly task: string }> {
  const task = coordinator.enqueue(specOf(changes));
  return { ...succeeded(await outcomeOf(task), 'train'), task };
}

/** The names of the metrics that a task has reported, and its epochs. */
function curveOf(task: string) {
  const points = coordinator.metrics.get(task) ?? [];
  return {
    names: new Set(points.map(({ name }) => name)),
    epochs: new Set(points.map(({ epoch }) => epoch)),
  };
}

beforeAll(async () => {
  // A lease that a busy machine lets lapse would leave a task without an outcome: nobody gives it out again here.
  coordinator.leaseSeconds = 60;
  startWorker();
  await importImages();
});

it('trains on all images for the epochs of the spec, validates nothing, and gives the same weights again', async () => {
  const result = await trained({ retraining: RETRAINING });
  expect(result).toMatchObject({ epochCount: 5, bestEpoch: 5, stageBestEpochs: [2, 3] });
  expect(Object.keys(result).filter((name) => name.startsWith('validation'))).toEqual([]);
  expect(result.weights).toBeDefined();
  expect(result.predictions).toBeUndefined();
  const { names, epochs } = curveOf(result.task);
  expect([...epochs].sort()).toEqual([1, 2, 3, 4, 5]);
  expect(names).toContain('train_loss');
  expect([...names].filter((name) => name.startsWith('validation'))).toEqual([]);
  expect((await trained({ retraining: RETRAINING })).weights).toEqual(result.weights);
});

it('refuses a retraining of a division', async () => {
  const task = coordinator.enqueue(specOf({ retraining: RETRAINING, division: { part: 0, partCount: 2 } }));
  expect(await outcomeOf(task)).toMatchObject({ fault: { message: expect.stringContaining('no fold, no division') } });
});

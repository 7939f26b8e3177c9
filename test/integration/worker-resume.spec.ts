import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TaskOutcome, TrainResult } from '../../src/domain/task.js';
import {
  cacheDir,
  coordinator,
  importImages,
  onlyChildOf,
  outcomeOf,
  setUpWorkers,
  SLOWLY,
  soon,
  startWorker,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

/** What two attempts must agree in: all but the time that they took. */
const bitsOf = (outcome: TaskOutcome): Partial<TrainResult> => {
  const { trainSeconds: _time, ...rest } = succeeded(outcome, 'train');
  return rest;
};

const checkpointsIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('checkpoint-'));

it('goes on from the checkpoint of an attempt that crashed, to the same bits', async () => {
  const worker = startWorker({ TRAINER_CHECKPOINT_SECONDS: '0' });
  await importImages();
  const spec = trainSpec(10, { ...SLOWLY, keepWeights: true });
  const crashed = coordinator.enqueue(spec);
  await soon(() => expect(coordinator.metrics.get(crashed)?.some(({ epoch }) => epoch === 4)).toBe(true));
  process.kill(onlyChildOf(worker), 'SIGKILL');
  expect(await outcomeOf(crashed)).toMatchObject({ fault: { reason: 'TRAINER_CRASHED' } });
  expect(checkpointsIn(cacheDir)).toHaveLength(2);

  const resumed = coordinator.enqueue(spec);
  const outcome = await outcomeOf(resumed);
  const epochs = (coordinator.metrics.get(resumed) ?? []).filter(({ name }) => name === 'train_loss');
  expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(checkpointsIn(cacheDir)).toEqual([]);

  const whole = await outcomeOf(coordinator.enqueue(spec));
  expect(bitsOf(outcome)).toEqual(bitsOf(whole));
  const before = (coordinator.metrics.get(crashed) ?? []).filter(({ name }) => name === 'validation_loss');
  const after = (coordinator.metrics.get(resumed) ?? []).filter(({ name }) => name === 'validation_loss');
  expect(after.slice(0, before.length)).toEqual(before);
  coordinator.done = true;
  expect(await once(worker, 'exit')).toEqual([0, null]);
});

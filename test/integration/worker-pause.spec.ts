import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TrainResult, TrainSpec } from '../../src/domain/task.js';
import {
  cacheDir,
  coordinator,
  importImages,
  outcomeOf,
  setUpWorkers,
  startWorker,
  store,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

async function train(spec: { train: TrainSpec }): Promise<TrainResult & { readonly task: string }> {
  const task = coordinator.enqueue(spec);
  return { ...succeeded(await outcomeOf(task), 'train'), task };
}

/** What trainings that come to the same agree in. */
const figuresOf = ({ bestEpoch, validationLoss, validationMacroAccuracy, trainedParameterCount }: TrainResult) => {
  return { bestEpoch, validationLoss, validationMacroAccuracy, trainedParameterCount };
};

const lossesOf = (task: string) =>
  (coordinator.metrics.get(task) ?? [])
    .filter(({ name }) => name === 'validation_loss')
    .map(({ epoch, value }) => [epoch, value]);

it.each(['RANDOM', 'PROBE'] as const)(
  'pauses at rungs from a %s head, goes on as another process, and comes to the bits of a training in one go',
  async (headInit) => {
    const first = startWorker();
    await importImages();
    const { train: base } = trainSpec(10, { keepWeights: true, lrMultipliers: [0, 0, 0, 0, 0, 0, 0, 1, 1] });
    const spec = { ...base, training: { ...base.training, headInit, patienceEpochs: 10, cosineEpochCount: 10 } };
    const whole = await train({ train: spec });
    const kept = { ...spec, keepPredictions: true };
    const begun = await train({ train: { ...kept, keepWeights: false, pauseAfterEpochCount: 3 } });
    coordinator.done = true;
    expect(await once(first, 'exit')).toEqual([0, null]);
    coordinator.done = false;
    const { checkpoint, lastValidationLoss } = begun;
    if (checkpoint === undefined) throw new Error('it did not pause');
    expect(store.blobs.has(checkpoint.sha256)).toBe(true);
    expect(lossesOf(begun.task).at(-1)?.[1]).toBe(lastValidationLoss);
    expect(begun.predictions).toBeUndefined();

    // Nothing is left on the machine but what the store has.
    rmSync(cacheDir, { recursive: true });
    const second = startWorker();
    const ended = await train({ train: { ...kept, resumeFrom: checkpoint } });
    expect(ended.predictions).toBeDefined();
    expect(ended.checkpoint).toBeUndefined();
    expect(ended.weights).toEqual(whole.weights);
    expect(figuresOf(ended)).toEqual(figuresOf(whole));
    expect(begun.epochCount + ended.epochCount).toBe(whole.epochCount);
    expect([...lossesOf(begun.task), ...lossesOf(ended.task)]).toEqual(lossesOf(whole.task));
    expect(ended.multiplyAccumulates).toBeLessThan(whole.multiplyAccumulates);
    // What a part computes anew are the features of the frozen blocks.
    expect(begun.multiplyAccumulates + ended.multiplyAccumulates).toBeGreaterThan(whole.multiplyAccumulates);
    coordinator.done = true;
    expect(await once(second, 'exit')).toEqual([0, null]);
    coordinator.done = false;
  },
);

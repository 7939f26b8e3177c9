import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainingCheckpoint } from '../../training/loop/training-checkpoint.js';
import { CheckpointFiles } from './checkpoint-files.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'checkpoints-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const skipped: Error[] = [];
const checkpointsOf = (identity: string, intervalSeconds = 0) =>
  new CheckpointFiles({ folder, identity, intervalSeconds, onSkipped: (error) => skipped.push(error) });

/** After so many epochs; numbers that JSON would spoil. */
function checkpoint(epochCount: number): TrainingCheckpoint {
  const tensor = (value: number) =>
    ({ dtype: 'F32', shape: [2], data: Float32Array.of(value, Math.fround(0.1)) }) as const;
  const epoch = { trainLoss: 0.1 + 0.2, validationLoss: 5e-324, validationAccuracy: 1, validationMacroAccuracy: 1 };
  const figures = { validationMacroF1: 1, validationCalibrationError: 0, learningRate: 1e-3, seconds: 1 };
  const times = { imagesPerSecond: 1, dataSeconds: 0, forwardBackwardSeconds: 1, optimizerSeconds: 0 };
  return {
    epochs: Array.from({ length: epochCount }, (_, index) => ({ epoch: index + 1, ...epoch, ...figures, ...times })),
    weights: new Map([['a', tensor(epochCount)]]),
    stages: [],
    bestWeights: new Map([['a', tensor(-0)]]),
    optimizer: { stepCount: 7, slots: new Map([['a', [Float32Array.of(1, 2), Float32Array.of(3, 4)]]]) },
    microBatchSize: 8,
  };
}

/** Puts other content with a right digest into the file of two epochs. */
function overwriteLatest(payload: Buffer): void {
  const digest = createHash('sha256').update(payload).digest();
  writeFileSync(join(folder, latestName()), Buffer.concat([digest, payload]));
}

const latestName = () => readdirSync(folder).find((name) => name.endsWith('even')) ?? '';

describe('CheckpointFiles', () => {
  it('gives back what was saved, to the bit, to another process', async () => {
    await checkpointsOf('task').saveIfDue(() => checkpoint(3));
    expect(await checkpointsOf('task').load()).toEqual(checkpoint(3));
  });

  it('gives the latest, and nothing of another training', async () => {
    const checkpoints = checkpointsOf('task');
    for (const epochCount of [1, 2, 3]) await checkpoints.saveIfDue(() => checkpoint(epochCount));
    expect((await checkpoints.load())?.epochs).toHaveLength(3);
    expect(await checkpointsOf('another task').load()).toBeUndefined();
  });

  it.each([
    ['cut short', (path: string) => truncateSync(path, 200)],
    ['empty', (path: string) => truncateSync(path, 0)],
    [
      'with a flipped bit',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[100] = (bytes[100] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
  ])('refuses a file that is %s, and takes the one before', async (_, spoil) => {
    const checkpoints = checkpointsOf('task');
    for (const epochCount of [1, 2]) await checkpoints.saveIfDue(() => checkpoint(epochCount));
    spoil(join(folder, latestName()));
    expect((await checkpoints.load())?.epochs).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['another version', { version: 0, checkpoint: checkpoint(2) }],
    ['no version', checkpoint(2)],
    ['another shape', { version: 3, checkpoint: { ...checkpoint(2), optimizer: { stepCount: 7 } } }],
    ['a shape with more to it', { version: 3, checkpoint: { ...checkpoint(2), momentum: 1 } }],
  ])('ignores and deletes a whole file of %s, and takes the one before', async (_, content) => {
    const checkpoints = checkpointsOf('task');
    for (const epochCount of [1, 2]) await checkpoints.saveIfDue(() => checkpoint(epochCount));
    overwriteLatest(serialize(content));
    expect((await checkpoints.load())?.epochs).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('ignores and deletes what this Node cannot read', async () => {
    const checkpoints = checkpointsOf('task');
    for (const epochCount of [1, 2]) await checkpoints.saveIfDue(() => checkpoint(epochCount));
    const ofNewerNode = serialize(1);
    ofNewerNode[1] = 255;
    overwriteLatest(ofNewerNode);
    expect((await checkpoints.load())?.epochs).toHaveLength(1);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('waits between two checkpoints, and does not even take one', async () => {
    const patient = checkpointsOf('task', 3600);
    await patient.saveIfDue(() => {
      throw new Error('taken too early');
    });
    expect(await patient.load()).toBeUndefined();
  });

  it('keeps the last one when the next cannot be taken, and leaves no half file', async () => {
    const checkpoints = checkpointsOf('task');
    await checkpoints.saveIfDue(() => checkpoint(1));
    const failing = checkpoints.saveIfDue(() => {
      throw new Error('no memory');
    });
    await expect(failing).rejects.toThrow('no memory');
    expect(readdirSync(folder)).toHaveLength(1);
    expect((await checkpoints.load())?.epochs).toHaveLength(1);
  });

  it('skips what cannot be written, says why, and keeps the last one', async () => {
    const checkpoints = checkpointsOf('task');
    await checkpoints.saveIfDue(() => checkpoint(1));
    const [odd = ''] = readdirSync(folder);
    const taken = join(folder, odd.replace(/odd$/, 'even'));
    mkdirSync(taken);
    skipped.length = 0;
    await checkpoints.saveIfDue(() => checkpoint(2));
    expect(skipped).toMatchObject([{ syscall: 'rename' }]);
    rmSync(taken, { recursive: true });
    expect(readdirSync(folder)).toEqual([odd]);
    expect((await checkpoints.load())?.epochs).toHaveLength(1);
  });

  it('is gone after the end', async () => {
    const checkpoints = checkpointsOf('task');
    for (const epochCount of [1, 2]) await checkpoints.saveIfDue(() => checkpoint(epochCount));
    await checkpoints.remove();
    expect(readdirSync(folder)).toEqual([]);
  });
});

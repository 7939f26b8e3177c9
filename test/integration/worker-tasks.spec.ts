import type { ChildProcess } from 'node:child_process';
import { scoreReportSchema, type ImportResult } from '../../src/domain/task.js';
import { validationPredictionsSchema } from '../../src/domain/validation-predictions.js';
import { readManifest } from '../../src/datasets/manifest.js';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Technique } from '../../src/methods/method-table.js';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { sha256Of, TOKEN } from './worker-fakes.js';
import {
  cacheDir,
  CLASSES,
  childrenOf,
  coordinator,
  firstMetric,
  importImages,
  importSpec,
  networkSpec,
  onlyChildOf,
  outcomeOf,
  setUpWorkers,
  SLOWLY,
  soon,
  startWorker,
  store,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

describe('a worker', () => {
  let worker: ChildProcess;
  let imported: ImportResult;

  beforeAll(async () => {
    worker = startWorker();
    store.busyCount = 2;
    imported = await importImages();
  });

  it('imports a dataset through links, also when the store is busy at first', () => {
    expect(imported.imageCount).toBe(90);
    expect(imported.classes.map(({ label }) => label)).toEqual(CLASSES);
    for (const { sha256 } of [imported.manifest, ...imported.shards]) expect(store.blobs.has(sha256)).toBe(true);
  });

  it('starts no trainer for an import', () => {
    expect(childrenOf(worker)).toEqual([]);
  });

  it('trains on a fold, reports the curve, uploads the best weights, and scores them', async () => {
    const task = coordinator.enqueue(trainSpec(2, { fold: 1, foldCount: 2, keepWeights: true }));
    const result = succeeded(await outcomeOf(task), 'train');
    const { weights } = result;
    if (weights === undefined) throw new Error('the result names no weights');
    const runtime = { device: 'CPU', oneDnn: true, intraOpThreadCount: 1, execution: 'TRACED' };
    expect(result).toMatchObject({ epochCount: 2, runtime });
    const curve = coordinator.metrics.get(task) ?? [];
    expect(
      curve
        .filter(({ epoch }) => epoch === 2)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(METRIC_NAMES);
    const bytes = store.blobs.get(weights.sha256) ?? Buffer.alloc(0);
    expect(sha256Of(bytes)).toBe(weights.sha256);
    expect(readSafetensors(bytes).size).toBeGreaterThan(200);

    const pack = { manifest: imported.manifest, shards: imported.shards.filter(({ split }) => split === 'test') };
    const network = { ...networkSpec(32), weights };
    const score = succeeded(await outcomeOf(coordinator.enqueue({ score: { network, pack } })), 'score');
    expect(score).toMatchObject({ imageCount: 18 });
    const report = store.blobs.get(score.report.sha256) ?? Buffer.alloc(0);
    expect(sha256Of(report)).toBe(score.report.sha256);
    const { macroAccuracy } = score;
    const { recalls, labels, predictions } = scoreReportSchema.parse(JSON.parse(report.toString()));
    expect([labels.length, predictions.length]).toEqual([18, 18]);
    expect(recalls.map(({ classIndex }) => classIndex)).toEqual([...CLASSES.keys()]);
    expect(recalls.reduce((sum, { recall }) => sum + recall, 0) / recalls.length).toBeCloseTo(macroAccuracy, 12);
    expect(readdirSync(cacheDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('gives the same figures for the same spec', async () => {
    const tasks = [trainSpec(1), trainSpec(1)].map((spec) => coordinator.enqueue(spec));
    const outcomes = await Promise.all(tasks.map(outcomeOf));
    const [first, second] = outcomes.map((outcome) => succeeded(outcome, 'train').validationLoss);
    expect(first).toBe(second);
  });

  it('trains on augmented images, alike each time', async () => {
    const augmented = trainSpec(1, { augmentation: 'STANDARD' });
    const tasks = [augmented, augmented, trainSpec(1)].map((spec) => coordinator.enqueue(spec));
    const outcomes = await Promise.all(tasks.map(outcomeOf));
    const [first, second, plain] = outcomes.map((outcome) => succeeded(outcome, 'train').validationLoss);
    expect(first).toBe(second);
    expect(first).not.toBe(plain);
  });

  it.each([undefined, 7])(
    'divides the images anew, validates on one part, and tells of each: seed %s',
    async (seed) => {
      const records = readManifest(store.blobs.get(imported.manifest.sha256) ?? Buffer.alloc(0));
      const known = records.filter(({ split }) => split !== 'test');
      const parts = [0, 1, 2].map((part) => ({ part, partCount: 3, ...(seed !== undefined && { seed }) }));
      const tasks = parts.map((division) => coordinator.enqueue(trainSpec(1, { division, keepPredictions: true })));
      const results = (await Promise.all(tasks.map(outcomeOf))).map((outcome) => succeeded(outcome, 'train'));
      const found = results.map(({ predictions }) =>
        validationPredictionsSchema.parse(JSON.parse(String(store.blobs.get(predictions?.sha256 ?? '')))),
      );
      expect(results.map(({ validationImageCount }) => validationImageCount)).toEqual(
        found.map(({ images }) => images.length),
      );
      for (const [part, { images, labels, predictions }] of found.entries()) {
        expect(labels).toEqual(images.map((place) => known[place]?.classIndex));
        const rightCount = predictions.filter((predicted, index) => predicted === labels[index]).length;
        expect(rightCount / images.length).toBeCloseTo(results[part]?.validationAccuracy ?? NaN, 12);
      }
      const all = found.flatMap(({ images }) => images);
      expect(all.toSorted((a, b) => a - b)).toEqual([...known.keys()]);
      const fromValidation = (place: number) => known[place]?.split === 'validation';
      expect(found.map(({ images }) => new Set(images.map(fromValidation)).size)).toEqual([2, 2, 2]);
    },
  );

  it('tells its predictions where the division is that of the dataset', async () => {
    const task = coordinator.enqueue(trainSpec(1, { keepPredictions: true }));
    const { predictions } = succeeded(await outcomeOf(task), 'train');
    const kept = validationPredictionsSchema.parse(JSON.parse(String(store.blobs.get(predictions?.sha256 ?? ''))));
    const records = readManifest(store.blobs.get(imported.manifest.sha256) ?? Buffer.alloc(0));
    const [trainCount, validationCount] = ['train', 'validation'].map(
      (name) => records.filter(({ split }) => split === name).length,
    );
    expect(kept.images).toEqual(Array.from({ length: validationCount ?? 0 }, (_, index) => index + (trainCount ?? 0)));
  });

  it('trains a head first where it is to begin with one, and counts its epochs', async () => {
    const { train } = trainSpec(1);
    const spec = trainSpec(1, { training: { ...train.training, headInit: 'PROBE' } });
    expect(succeeded(await outcomeOf(coordinator.enqueue(spec)), 'train')).toMatchObject({ epochCount: 2 });
  });

  it.each<[Technique, number]>([
    [{ type: 'LINEAR_PROBE' }, 1],
    [{ type: 'GRADUAL_UNFREEZING' }, 2],
    [{ type: 'AUTO_RGN', batchCount: 1 }, 1],
    [{ type: 'LORA', rank: 2, alpha: 4 }, 1],
    [{ type: 'NORM_TUNE' }, 1],
    [{ type: 'L2_SP', alpha: 0.1, beta: 0 }, 1],
    [{ type: 'L1_SP', alpha: 0, beta: 0.1 }, 1],
  ])('trains by %j, in %i epochs', async (technique, epochCount) => {
    const result = succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1, { technique }))), 'train');
    expect(result).toMatchObject({ epochCount, runtime: { execution: 'TRACED' } });
  });

  it('hides its token from the trainer', () => {
    const environment = readFileSync(`/proc/${onlyChildOf(worker)}/environ`, 'utf8');
    expect(environment).toContain('TF_NUM_INTRAOP_THREADS=1');
    expect(environment).not.toContain(TOKEN);
  });

  it('blames the genome or the data, not the machine, for what comes again on every try', async () => {
    const outcome = await outcomeOf(coordinator.enqueue(trainSpec(1, { lrMultipliers: Array<number>(9).fill(0) })));
    expect(outcome).toMatchObject({ infeasible: { reason: 'NO_BLOCK_SELECTED' } });
  });

  it('trains for a job whose trainings ran as it does, and refuses one whose did not', async () => {
    const { runtime } = succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1, { runtime }))), 'train');
    const other = { ...runtime, intraOpThreadCount: 7, oneDnn: false };
    expect(await outcomeOf(coordinator.enqueue(trainSpec(1, { runtime: other })))).toMatchObject({
      fault: {
        reason: 'RUNTIME_MISMATCH',
        metadata: { intraOpThreadCount: '1', intraOpThreadCountOfJob: '7', oneDnn: 'true', oneDnnOfJob: 'false' },
      },
    });
  });

  it('reports a bad spec as a fault and goes on', async () => {
    const outcome = await outcomeOf(coordinator.enqueue(trainSpec(0)));
    expect(outcome).toMatchObject({ fault: { reason: 'INTERNAL' } });
  });

  it('refuses corrupt bytes after three tries', async () => {
    const weights = store.add(Buffer.from('weights that are not read'));
    store.corrupt.add(weights.sha256);
    const outcome = await outcomeOf(coordinator.enqueue(trainSpec(1, { network: { ...networkSpec(32), weights } })));
    expect(outcome).toMatchObject({
      fault: { reason: 'ARTIFACT_CORRUPT', metadata: { expectedSha256: weights.sha256 } },
    });
    expect(store.requests.filter((request) => request === `GET ${weights.sha256}`)).toHaveLength(3);
    expect(existsSync(join(cacheDir, weights.sha256))).toBe(false);
  });

  it('reports an upload that did not arrive whole as corrupt', async () => {
    store.spoilsUploads = true;
    const task = coordinator.enqueue(trainSpec(1, { keepWeights: true, seed: 8 }));
    const outcome = await outcomeOf(task);
    store.spoilsUploads = false;
    store.uploads.clear();
    expect(outcome).toMatchObject({
      fault: { reason: 'ARTIFACT_CORRUPT', message: expect.stringMatching(/is a lie$/) },
    });
  });

  it('names an artifact that is missing from the store', async () => {
    const weights = { sha256: 'ab'.repeat(32), sizeBytes: 5 };
    const outcome = await outcomeOf(coordinator.enqueue(trainSpec(1, { network: { ...networkSpec(32), weights } })));
    expect(outcome).toMatchObject({
      fault: { reason: 'ARTIFACT_CORRUPT', metadata: { expectedSha256: weights.sha256 } },
    });
  });

  it('asks for another link when one has expired', async () => {
    const signedCount = coordinator.signedCount;
    store.refusedCount = 1;
    succeeded(await outcomeOf(coordinator.enqueue({ import: importSpec })), 'import');
    expect(store.refusedCount).toBe(0);
    expect(coordinator.signedCount).toBeGreaterThan(signedCount + 90);
  });

  it('gives up on links that are refused twice', async () => {
    store.refusedCount = Infinity;
    const outcome = await outcomeOf(coordinator.enqueue({ import: importSpec }));
    store.refusedCount = 0;
    expect(outcome).toMatchObject({ fault: { reason: 'STORAGE_UNAVAILABLE' } });
  });

  it('reads an image again of which a part was missing', async () => {
    store.shortCount = 2;
    expect(succeeded(await outcomeOf(coordinator.enqueue({ import: importSpec })), 'import')).toEqual(imported);
    expect(store.shortCount).toBe(0);
  });

  it('says that the dataset changed when an image stays another size than was listed', async () => {
    store.shortCount = Infinity;
    const outcome = await outcomeOf(coordinator.enqueue({ import: importSpec }));
    store.shortCount = 0;
    expect(outcome).toMatchObject({
      infeasible: { reason: 'DATASET_CHANGED', message: expect.stringMatching(/gives \d+ bytes instead of the \d+/) },
    });
  });

  it('repeats calls that fail, as while the coordinator restarts', async () => {
    const task = coordinator.enqueue(trainSpec(6, SLOWLY));
    await firstMetric(task);
    coordinator.failureCount = 3;
    expect(succeeded(await outcomeOf(task), 'train').epochCount).toBe(6);
    expect(coordinator.failureCount).toBe(0);
  });

  it('says that the dataset changed when an object is gone after it was listed', async () => {
    const read = vi.spyOn(store.sources, 'get').mockReturnValue(undefined);
    const outcome = await outcomeOf(coordinator.enqueue({ import: importSpec }));
    read.mockRestore();
    expect(outcome).toMatchObject({ infeasible: { reason: 'DATASET_CHANGED' } });
  });

  it('hands an import back when it is cancelled, also while the store hangs', async () => {
    store.isHanging = true;
    const task = coordinator.enqueue({ import: importSpec });
    await soon(() => expect(store.waitingCount).toBeGreaterThan(0));
    coordinator.cancelled.add(task);
    await soon(() => expect(coordinator.released).toContainEqual({ task, reason: 'CANCELLED' }));
    store.isHanging = false;
    expect(coordinator.outcomes.has(task)).toBe(false);
  });
});

const METRIC_NAMES = [
  'data_seconds',
  'forward_backward_seconds',
  'images_per_second',
  'learning_rate',
  'optimizer_seconds',
  'train_loss',
  'validation_accuracy',
  'validation_calibration_error',
  'validation_loss',
  'validation_macro_accuracy',
  'validation_macro_f1',
];

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImportResult, ScoreResult, TaskOutcome, TrainResult, TrainSpec } from '../../src/domain/task.js';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { compileFolders } from '../support/compile.js';
import { FakeCoordinator, FakeStore, sha256Of, TOKEN } from './worker-fakes.js';

const ASSETS = join(import.meta.dirname, '../../assets');
const CLASSES = ['bag', 'sandal', 'trouser'];
const FOLDERS = ['worker', 'launch', 'config', 'domain', 'observability'];
const TRAINER_FOLDERS = ['training', 'networks', 'random', 'formats', 'datasets'];
const POOL = `
import { pino } from 'pino';
import { ProcessPool } from './launch/process-pool.js';
const [entry, workerCacheDir, coordinatorAddress, token] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const pool = new ProcessPool({ workerCountMax: 1, entry, workerCacheDir, logLevel: 'silent', systemEnvironment: {}, logger });
pool.ensureWorkers({ scope: 'job', workerCount: 1, token, coordinatorAddress });
`;

let compiled: string;
let cacheDir: string;
const store = new FakeStore();
const coordinator = new FakeCoordinator(store);
const running = new Set<ChildProcess>();

beforeAll(async () => {
  compiled = compileFolders(...FOLDERS, ...TRAINER_FOLDERS);
  compileFile('roles/worker');
  compileFile('main');
  writeFileSync(join(compiled, 'pool.js'), POOL);
  cacheDir = mkdtempSync(join(tmpdir(), 'worker-cache-'));
  const archive = unzipSync(readFileSync(join(ASSETS, 'fashion-small/fashion-small.zip')));
  for (const label of CLASSES) {
    const keys = Object.keys(archive)
      .filter((key) => key.startsWith(`${label}/`))
      .slice(0, 30);
    for (const key of keys) store.sources.set(`images/${key}`, Buffer.from(archive[key] ?? []));
  }
  await store.start();
  await coordinator.start();
});

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  coordinator.stop();
  store.stop();
  rmSync(compiled, { recursive: true, force: true });
  rmSync(cacheDir, { recursive: true, force: true });
});

/** One file: the other roles in the folder need Nest's decorators. */
function compileFile(name: string): void {
  const options = { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } } as const;
  const { code } = transformFileSync(join(import.meta.dirname, `../../src/${name}.ts`), options);
  const file = join(compiled, `${name}.js`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
}

function start(script: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = fork(join(compiled, script), args, { env, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const startWorker = (env: NodeJS.ProcessEnv = {}) =>
  start('main.js', ['worker'], {
    COORDINATOR_ADDRESS: coordinator.address,
    WORKER_TOKEN: TOKEN,
    WORKER_CACHE_DIR: cacheDir,
    WORKER_THREAD_COUNT: '1',
    LOG_LEVEL: 'fatal',
    ...env,
  });

const soon = <T>(check: () => T, timeout = 30_000) => vi.waitFor(check, { timeout, interval: 50 });

const outcomeOf = (task: string) =>
  soon(() => {
    const outcome = coordinator.outcomes.get(task);
    if (outcome === undefined) throw new Error(`${task} has no outcome yet`);
    return outcome;
  });

const firstMetric = (task: string) => soon(() => expect(coordinator.metrics.get(task)).toBeDefined());

/** The pids of a process's children. */
function childrenOf({ pid }: Pick<ChildProcess, 'pid'>): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function onlyChildOf(parent: Pick<ChildProcess, 'pid'>): number {
  const [pid, ...others] = childrenOf(parent);
  if (pid === undefined || others.length > 0) throw new Error(`expected one child, found ${[pid, ...others].join()}`);
  return pid;
}

const gone = (pid: number) => soon(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 10_000);

const importSpec = {
  prefix: 'images',
  split: { trainFraction: 0.6, validationFraction: 0.2, testFraction: 0.2, seed: 0 },
};

let imported: ImportResult;

function networkSpec(imageSizePx: number): TrainSpec['network'] {
  const weights = store.add(readFileSync(join(ASSETS, 'efficientnet-lite0/weights.safetensors')));
  const normalization = { mean: [127, 127, 127], std: [128, 128, 128] };
  return { architecture: 'efficientnet-lite0', weights, ...normalization, imageSizePx, classCount: CLASSES.length };
}

function trainSpec(epochCount: number, changes: Partial<TrainSpec> = {}): { train: TrainSpec } {
  const { manifest, shards } = imported;
  return {
    train: {
      network: networkSpec(32),
      pack: { manifest, shards: shards.filter(({ split }) => split !== 'test') },
      training: {
        epochCount,
        patienceEpochs: 1000,
        batchSize: 16,
        baseLearningRate: 1e-3,
        cosineEpochCount: 100,
        frozenBatchNorm: 'EVAL',
        optimizer: 'ADAM',
        weightDecay: 0,
        momentum: 0.9,
        lrSchedule: 'COSINE',
        labelSmoothing: 0,
        classWeighting: 'NONE',
      },
      augmentation: 'NONE',
      lrMultipliers: [0, 0, 0, 0, 0, 0, 0, 1, 1],
      trainedPart: 'BLOCKS',
      seed: 7,
      fold: 0,
      foldCount: 1,
      keepWeights: false,
      ...changes,
    },
  };
}
const LONG = 1000;

interface Results {
  readonly import: ImportResult;
  readonly train: TrainResult;
  readonly score: ScoreResult;
}

function succeeded<K extends keyof Results>(outcome: TaskOutcome, kind: K): Results[K] {
  const results: Partial<Results> = 'succeeded' in outcome ? outcome.succeeded : {};
  const result = results[kind];
  if (result === undefined) throw new Error(JSON.stringify(outcome));
  return result;
}

describe('a worker', () => {
  let worker: ChildProcess;

  beforeAll(async () => {
    worker = startWorker();
    store.busyCount = 2;
    imported = succeeded(await outcomeOf(coordinator.enqueue({ import: importSpec })), 'import');
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
    expect(result).toMatchObject({ epochCount: 2, runtime: { oneDnn: true, intraOpThreadCount: 1 } });
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
    expect(score).toMatchObject({ imageCount: 18, confusionMatrix: { length: CLASSES.length } });
    const { recalls, macroAccuracy } = score;
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

  it('hides its token from the trainer', () => {
    const environment = readFileSync(`/proc/${onlyChildOf(worker)}/environ`, 'utf8');
    expect(environment).toContain('TF_NUM_INTRAOP_THREADS=1');
    expect(environment).not.toContain(TOKEN);
  });

  it('blames the genome or the data, not the machine, for what comes again on every try', async () => {
    const outcome = await outcomeOf(coordinator.enqueue(trainSpec(1, { lrMultipliers: Array<number>(9).fill(0) })));
    expect(outcome).toMatchObject({ infeasible: { reason: 'NO_BLOCK_SELECTED' } });
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

  it('repeats calls that fail, as while the coordinator restarts', async () => {
    const task = coordinator.enqueue(trainSpec(2));
    await firstMetric(task);
    coordinator.failureCount = 3;
    expect(succeeded(await outcomeOf(task), 'train').epochCount).toBe(2);
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

  it('reports a killed trainer as a crash and starts another', async () => {
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    process.kill(onlyChildOf(worker), 'SIGKILL');
    expect(await outcomeOf(task)).toMatchObject({
      fault: { reason: 'TRAINER_CRASHED', metadata: { signal: 'SIGKILL' } },
    });
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
  });

  it('stops at once and silently when its lease is lost', async () => {
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.leaseLost.add(task);
    await gone(trainer);
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
    expect(coordinator.outcomes.has(task)).toBe(false);
    expect(coordinator.released.map((release) => release.task)).not.toContain(task);
  });

  it('stops by itself when no heartbeat gets through for two thirds of the lease', async () => {
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.isCutOff = true;
    const cutOffAtMs = performance.now();
    await gone(trainer);
    coordinator.isCutOff = false;
    expect(performance.now() - cutOffAtMs).toBeLessThan(coordinator.leaseSeconds * 1000);
    expect(coordinator.outcomes.has(task)).toBe(false);
  });

  it('hands the task back when the job is cancelled', async () => {
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.cancelled.add(task);
    await soon(() => expect(coordinator.released).toContainEqual({ task, reason: 'CANCELLED' }));
    expect(existsSync(`/proc/${trainer}`)).toBe(false);
    expect(coordinator.outcomes.has(task)).toBe(false);
  });

  it('hands the task back and exits with 143 on SIGTERM', async () => {
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    worker.kill('SIGTERM');
    expect(await once(worker, 'exit')).toEqual([143, null]);
    expect(coordinator.released).toContainEqual({ task, reason: 'PREEMPTED' });
    await gone(trainer);
  });
});

describe('the life of a worker', () => {
  beforeEach(() => {
    coordinator.done = false;
  });

  it('ends with 0 when the scope has ended', async () => {
    coordinator.done = true;
    expect(await once(startWorker(), 'exit')).toEqual([0, null]);
  });

  it('ends with 42 when the token is refused', async () => {
    expect(await once(startWorker({ WORKER_TOKEN: 'another' }), 'exit')).toEqual([42, null]);
  });

  it('replaces a trainer that has grown too large', async () => {
    const worker = startWorker({ TRAINER_RSS_MIB_MAX: '256' });
    const task = coordinator.enqueue(trainSpec(2));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    succeeded(await outcomeOf(task), 'train');
    await gone(trainer);
    coordinator.done = true;
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('ends a trainer that has fallen silent', async () => {
    const worker = startWorker({ TRAINER_SILENCE_SECONDS_MAX: '15' });
    const task = coordinator.enqueue(trainSpec(LONG));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    process.kill(trainer, 'SIGSTOP');
    expect(await outcomeOf(task)).toMatchObject({
      fault: { reason: 'TRAINER_CRASHED', metadata: { silenceSecondsMax: '15' } },
    });
    await gone(trainer);
    coordinator.done = true;
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('shares its cache with the other workers of the machine', async () => {
    const WORKER_CACHE_DIR = join(cacheDir, 'shared');
    const workers = [startWorker({ WORKER_CACHE_DIR }), startWorker({ WORKER_CACHE_DIR })];
    const tasks = [trainSpec(2), trainSpec(2)].map((spec) => coordinator.enqueue(spec));
    const outcomes = await Promise.all(tasks.map(outcomeOf));
    for (const outcome of outcomes) succeeded(outcome, 'train');
    expect(readdirSync(WORKER_CACHE_DIR).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    coordinator.done = true;
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
  });

  it("ends with its pool's process, and its trainer with it", async () => {
    const pool = start('pool.js', [join(compiled, 'main.js'), cacheDir, coordinator.address, TOKEN]);
    await firstMetric(coordinator.enqueue(trainSpec(LONG)));
    const worker = onlyChildOf(pool);
    const trainer = onlyChildOf({ pid: worker });
    pool.kill('SIGKILL');
    await Promise.all([gone(worker), gone(trainer)]);
  });

  it('ends its trainer even when it is killed itself', async () => {
    const worker = startWorker();
    await firstMetric(coordinator.enqueue(trainSpec(LONG)));
    const trainer = onlyChildOf(worker);
    worker.kill('SIGKILL');
    await gone(trainer);
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

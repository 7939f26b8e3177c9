import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { trainingSchema } from '../../src/domain/job/training-protocol.js';
import type {
  ImportResult,
  ScoreResult,
  SoupResult,
  TaskOutcome,
  TrainResult,
  TrainSpec,
} from '../../src/domain/task.js';
import { compileFile, compileFolders } from '../support/compile.js';
import { FakeCoordinator, FakeStore, TOKEN } from './worker-fakes.js';

const ASSETS = join(import.meta.dirname, '../../assets');
export const CLASSES = ['bag', 'sandal', 'trouser'];
const FOLDERS = ['worker', 'launch', 'config', 'methods', 'domain', 'observability', 'rpc'];
const TRAINER_FOLDERS = ['training', 'cost', 'networks', 'random', 'formats', 'datasets', 'statistics'];
const POOL = `
import { pino } from 'pino';
import { ProcessPool } from './launch/process-pool.js';
const [entry, workerCacheDir, coordinatorAddress, token] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const pool = new ProcessPool({ workerCountMax: 1, entry, workerCacheDir, workerCacheMibMax: 1024, trainers: {}, logLevel: 'silent', systemEnvironment: {}, logger });
pool.ensureWorkers({ scope: 'job', workerCount: 1, mintToken: () => token, coordinatorAddress });
`;

/** Folder of the compiled worker. */
export let compiled: string;
/** Shared by the workers of a spec file. */
export let cacheDir: string;
export const store = new FakeStore();
export const coordinator = new FakeCoordinator(store);
const running = new Set<ChildProcess>();

/** Registers what a spec file needs: the compiled worker, a store, and a coordinator. */
export function setUpWorkers(): void {
  beforeAll(async () => {
    compiled = compileFolders(...FOLDERS, ...TRAINER_FOLDERS);
    compileFile(compiled, 'roles/worker');
    compileFile(compiled, 'main');
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
}

export function start(script: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = fork(join(compiled, script), args, { env, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

const workerEnvironment = (changes: NodeJS.ProcessEnv) => ({
  COORDINATOR_ADDRESS: coordinator.address,
  WORKER_TOKEN: TOKEN,
  WORKER_CACHE_DIR: cacheDir,
  WORKER_THREAD_COUNT: '1',
  LOG_LEVEL: 'fatal',
  ...changes,
});

export const startWorker = (changes: NodeJS.ProcessEnv = {}) =>
  start('main.js', ['worker'], workerEnvironment(changes));

/** Starts a worker that, as its trainer, can write no file beyond a size: EFBIG, in the middle of a write. */
export function startWorkerWithFileBound(fileMibMax: number, changes: NodeJS.ProcessEnv = {}): ChildProcess {
  const bounded = `ulimit -f ${fileMibMax * 1024}; exec '${process.execPath}' "$0" "$@"`;
  const child = fork(join(compiled, 'main.js'), ['worker'], {
    env: { PATH: process.env.PATH, ...workerEnvironment(changes) },
    execPath: '/bin/bash',
    execArgv: ['-c', bounded],
    stdio: ['ignore', 2, 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Waits as long as a machine with much else to do may take. */
export const soon = <T>(check: () => T) => vi.waitFor(check, { timeout: 150_000, interval: 50 });

export const outcomeOf = (task: string) =>
  soon(() => {
    const outcome = coordinator.outcomes.get(task);
    if (outcome === undefined) throw new Error(`${task} has no outcome yet`);
    return outcome;
  });

export const firstMetric = (task: string) => soon(() => expect(coordinator.metrics.get(task)).toBeDefined());

/** The pids of a process's children. */
export function childrenOf({ pid }: Pick<ChildProcess, 'pid'>): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

export function onlyChildOf(parent: Pick<ChildProcess, 'pid'>): number {
  const [pid, ...others] = childrenOf(parent);
  if (pid === undefined || others.length > 0) throw new Error(`expected one child, found ${[pid, ...others].join()}`);
  return pid;
}

export const gone = (pid: number) => soon(() => expect(existsSync(`/proc/${pid}`)).toBe(false));

export const importSpec = {
  prefix: 'images',
  split: { trainFraction: 0.6, validationFraction: 0.2, testFraction: 0.2, seed: 0 },
};

let imported: ImportResult | undefined;

/** Imports the images once; `trainSpec` is about them. */
export async function importImages(): Promise<ImportResult> {
  imported ??= succeeded(await outcomeOf(coordinator.enqueue({ import: importSpec })), 'import');
  return imported;
}

export function networkSpec(imageSizePx: number): TrainSpec['network'] {
  const weights = store.add(readFileSync(join(ASSETS, 'efficientnet-lite0/weights.safetensors')));
  const normalization = { mean: [127, 127, 127], std: [128, 128, 128] };
  return { architecture: 'efficientnet-lite0', weights, ...normalization, imageSizePx, classCount: CLASSES.length };
}

export function trainSpec(epochCount: number, changes: Partial<TrainSpec> = {}): { train: TrainSpec } {
  if (imported === undefined) throw new Error('nothing is imported');
  const { manifest, shards } = imported;
  return {
    train: {
      network: networkSpec(32),
      pack: { manifest, shards: shards.filter(({ split }) => split !== 'test') },
      training: {
        ...trainingSchema.parse({}),
        epochCount,
        patienceEpochs: 1000,
        cosineEpochCount: 100,
        batchSize: 16,
        frozenBatchNorm: 'EVAL',
        headInit: 'RANDOM',
      },
      augmentation: 'NONE',
      lrMultipliers: [0, 0, 0, 0, 0, 0, 0, 1, 1],
      technique: { type: 'BLOCKS' },
      objective: { fitness: 'MACRO_ACCURACY', lossWeight: 0 },
      seed: 7,
      headSeed: 7,
      fold: 0,
      foldCount: 1,
      keepWeights: false,
      keepPredictions: false,
      ...changes,
    },
  };
}
/** Every block learns: an epoch takes long enough for something to happen in it. */
export const SLOWLY = { lrMultipliers: Array<number>(9).fill(1) };
/** Epochs of a training that does not end by itself. */
export const LONG = 1000;

interface Results {
  readonly import: ImportResult;
  readonly train: TrainResult;
  readonly score: ScoreResult;
  readonly soup: SoupResult;
}

export function succeeded<K extends keyof Results>(outcome: TaskOutcome, kind: K): Results[K] {
  const results: Partial<Results> = 'succeeded' in outcome ? outcome.succeeded : {};
  const result = results[kind];
  if (result === undefined) throw new Error(JSON.stringify(outcome));
  return result;
}

import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { trainingProtocolSchema } from '../../src/domain/job/training-protocol.js';
import { newId } from '../../src/domain/ids.js';
import type { Artifact } from '../../src/domain/artifact.js';
import type { ImportResult, ScoreResult, TaskSpec, TrainResult } from '../../src/domain/task.js';
import type { RandomStream } from '../../src/random/random-stream.js';
import { checkKey, modelVersionPrefix } from '../../src/storage/object-keys.js';
import { Database } from '../../src/storage/postgres/database.js';
import { noTransaction } from '../support/database.js';
import { importScope } from '../../src/storage/postgres/dataset.repository.js';
import type { LeaseRef } from '../../src/storage/postgres/lease.repository.js';
import { RUNTIME } from '../fixtures/runtime.js';
import type { SweepWorld } from './sweep-world.js';

const PROJECT = 'vision';
const MODEL = 'flowers';
const SPLIT = { trainFraction: 0.5, validationFraction: 0.25, testFraction: 0.25, seed: 0 };

/** A process dies here. */
class Crash extends Error {}

interface Dataset {
  readonly id: string;
  readonly manifest: Artifact;
  readonly shards: ImportResult['shards'];
}

/** What happens in a service over weeks, drawn from a stream: several of these run at once, beside sweeps. */
export class Histories {
  private readonly datasets: Dataset[] = [];
  /** Tasks whose workers stood still for weeks before they reported. */
  readonly sleptTasks: string[] = [];
  private readonly sleepers: (() => Promise<unknown>)[] = [];

  constructor(
    private readonly world: SweepWorld,
    private readonly random: RandomStream,
  ) {}

  /** One import or one job, with all that may go wrong in it. */
  async happen(): Promise<void> {
    try {
      const dataset = this.datasets[Math.floor(this.random() * this.datasets.length)];
      await (dataset === undefined || this.chance(0.25) ? this.importDataset() : this.runJob(dataset));
      if (this.chance(0.2)) await this.leaveRubbish();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  /** Those who slept while the weeks passed go on with what they were told. */
  async wake(): Promise<void> {
    await Promise.all(this.sleepers.splice(0).map((goOn) => goOn()));
  }

  private async importDataset(): Promise<void> {
    const { datasets, leaderships, tasks, dataSource } = this.world;
    const source = { displayName: 'd', sourceUri: 's3://images/flowers', split: SPLIT };
    const id = await datasets.insert(noTransaction(dataSource), PROJECT, source);
    const scope = importScope(id, 1);
    await leaderships.open(noTransaction(dataSource), scope);
    await tasks.insert(noTransaction(dataSource), [
      { scope, key: 'import', spec: { import: { prefix: 'p', split: SPLIT } } },
    ]);
    const lease = await this.lease(scope);
    const manifest = await this.upload(lease, 'manifest');
    const shard = await this.upload(lease, 'shard');
    const shards = [{ ...shard, split: 'train' as const, imageCount: 1 }];
    const result = { manifest, shards, classes: [], imageCount: 1, sizeBytes: 1, issues: [] };
    this.mayCrash();
    await this.world.workers.complete(lease, { succeeded: { import: result } });
    this.mayCrash();
    await new Database(dataSource).transaction(async (transaction) => {
      await datasets.activate(transaction, id, 1, result);
      await leaderships.close(transaction, scope);
    });
    this.datasets.push({ id, manifest, shards });
  }

  private async runJob(dataset: Dataset): Promise<void> {
    const id = await this.createJob(dataset);
    const trained: Artifact[] = [];
    for (const key of ['search/0/0/1', 'search/0/1/1', 'finals/0/0/1']) {
      const weights = await this.train(id, key, dataset, key.startsWith('finals') || this.chance(0.3));
      if (weights !== undefined) trained.push(weights);
      if (this.chance(0.15)) return this.end(id, this.chance(0.5) ? 'FAILED' : 'CANCELLED');
    }
    const winner = trained.at(-1);
    if (winner === undefined) return this.end(id, 'FAILED');
    await this.score(id, winner, dataset);
    await this.publish(id, winner);
  }

  private async createJob({ id: datasetId }: Dataset): Promise<string> {
    const { jobs, leaderships, dataSource } = this.world;
    const id = newId('ftj');
    await new Database(dataSource).transaction(async (transaction) => {
      const labels = {};
      const job = { id, project: PROJECT, labels, datasetId, datasetVersion: 1, algorithmVersion: 1 };
      await jobs.insert(transaction, { ...job, spec: {} as never });
      await jobs.insertIdempotencyKey(transaction, {
        project: PROJECT,
        key: randomUUID(),
        requestSha256: '',
        jobId: id,
      });
      await leaderships.open(transaction, id, 1);
      await jobs.move(transaction, id, 'RUNNING', {}, ['VALIDATING']);
    });
    return id;
  }

  private async train(
    scope: string,
    key: string,
    dataset: Dataset,
    keepWeights: boolean,
  ): Promise<Artifact | undefined> {
    const { queue, tasks, workers, dataSource } = this.world;
    await tasks.insert(noTransaction(dataSource), [{ scope, key, spec: trainSpec(dataset, keepWeights) }]);
    const first = await this.lease(scope);
    await workers.reportMetrics(first, [{ name: 'train_loss', epoch: 1, value: 1 }]);
    if (this.chance(0.2)) await workers.release(first);
    const lease = (await queue.leased(first)) === undefined ? await this.lease(scope) : first;
    await workers.reportMetrics(lease, [{ name: 'train_loss', epoch: 1, value: 1 }]);
    const weights = keepWeights ? await this.upload(lease, 'weights') : undefined;
    this.mayCrash();
    const result = { ...TRAINED, ...(weights !== undefined && { weights }) };
    const complete = () => workers.complete(lease, { succeeded: { train: result } });
    if (this.chance(0.1)) {
      this.sleepers.push(complete);
      this.sleptTasks.push(lease.taskId);
      throw new Crash('sleeps for a week');
    }
    await complete();
    this.mayCrash();
    return weights;
  }

  private async score(scope: string, weights: Artifact, dataset: Dataset): Promise<void> {
    const { network, pack } = trainSpec(dataset, false).train;
    const spec = { score: { network: { ...network, weights }, pack } };
    await this.world.tasks.insert(noTransaction(this.world.dataSource), [{ scope, key: 'score/0', spec }]);
    const lease = await this.lease(scope);
    const report = await this.upload(lease, 'report');
    await this.world.workers.complete(lease, { succeeded: { score: { report } as ScoreResult } });
  }

  private async publish(id: string, weights: Artifact): Promise<void> {
    const { versions, objects, dataSource } = this.world;
    const figures = { testAccuracy: 0, testMacroAccuracy: 0, testMacroF1: 0, testCalibrationError: 0 };
    const names = { project: PROJECT, model: MODEL, jobId: id, trialId: 't', baseModel: 'b', datasetVersion: 'd' };
    const { number } = await new Database(dataSource).transaction((transaction) =>
      versions.reserve(transaction, { ...names, ...figures, method: 'BIOTUNE' }, (n) => `s3://b/${n}`),
    );
    this.mayCrash();
    const prefix = modelVersionPrefix(PROJECT, MODEL, number);
    await objects.copyBlob(weights, `${prefix}weights/model.safetensors`);
    if (this.chance(0.3)) {
      await new Database(dataSource).transaction((transaction) => versions.discard(transaction, id));
      return this.end(id, 'FAILED');
    }
    await objects.put(`${prefix}READY`, Buffer.from('ready'), 'text/plain');
    await new Database(dataSource).transaction((transaction) => versions.publish(transaction, id, []));
    await this.end(id, 'SUCCEEDED');
  }

  /** Jobs that crashed are given up, so that in the end none is under way. */
  async giveUpJobs(): Promise<void> {
    const open = await this.world.dataSource.query<{ id: string }[]>(
      `SELECT id FROM fine_tune_jobs WHERE state = 'RUNNING'`,
    );
    for (const { id } of open) {
      await new Database(this.world.dataSource).transaction((transaction) =>
        this.world.versions.discard(transaction, id),
      );
      await this.end(id, 'FAILED');
    }
  }

  private async end(id: string, state: 'SUCCEEDED' | 'FAILED' | 'CANCELLED'): Promise<void> {
    await new Database(this.world.dataSource).transaction(async (transaction) => {
      await this.world.jobs.move(transaction, id, state, { endTime: new Date() }, ['RUNNING']);
      await this.world.leaderships.close(transaction, id);
    });
  }

  /** What crashes of coordinators leave behind. */
  private async leaveRubbish(): Promise<void> {
    const { store, objects } = this.world;
    await store.client.initiateNewMultipartUpload(store.bucket, `blobs/sha256/aa/${randomUUID()}`, {});
    await objects.put(checkKey(randomUUID()), Buffer.from('half checked'), 'text/plain');
  }

  private async lease(scope: string): Promise<LeaseRef> {
    const { task } = await this.world.workers.lease(scope, 'w');
    if (task === undefined) throw new Error(`${scope} has no task`);
    return { scope, taskId: task.id, fence: task.fence };
  }

  /** As a worker does it. There are few different bytes, so that most of them have been stored before. */
  private async upload(lease: LeaseRef, kind: string): Promise<Artifact> {
    const bytes = `${kind} ${Math.floor(this.random() * 5)}`;
    const artifact = { sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
    const wanted = { downloads: [], uploads: [artifact], sourceKeys: [] };
    const { uploadUrls } = await this.world.workers.transferUrls(lease, wanted);
    await sleep(this.random() * 20);
    const [url = ''] = uploadUrls;
    if (url === '') return artifact;
    const { status } = await fetch(url, { method: 'PUT', body: bytes });
    if (status !== 200) throw new Error(`the store answered ${status}`);
    this.mayCrash();
    await this.world.workers.confirmUpload(lease, artifact);
    return artifact;
  }

  private mayCrash(): void {
    if (this.chance(0.06)) throw new Crash('kill -9');
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }
}

function trainSpec({ manifest, shards }: Dataset, keepWeights: boolean) {
  const frame = { architecture: 'a', mean: [0, 0, 0], std: [1, 1, 1], imageSizePx: 32, classCount: 2 };
  const spec = {
    train: {
      network: { ...frame, weights: manifest },
      pack: { manifest, shards },
      training: trainingProtocolSchema.parse({
        frozenBatchNorm: 'EVAL',
        headInit: 'RANDOM',
        epochCount: 1,
        patienceEpochs: 1,
        batchSize: 2,
        cosineEpochCount: 1,
      }),
      augmentation: 'NONE' as const,
      lrMultipliers: [1],
      technique: { type: 'BLOCKS' as const },
      objective: { fitness: 'MACRO_ACCURACY' as const, lossWeight: 0 },
      seed: 1,
      headSeed: 1,
      fold: 0,
      foldCount: 1,
      keepWeights,
      keepPredictions: false,
    },
  };
  return spec satisfies TaskSpec;
}

const TRAINED: TrainResult = {
  bestEpoch: 1,
  stageBestEpochs: [1],
  epochCount: 1,
  validationLoss: 0,
  validationAccuracy: 0,
  validationMacroAccuracy: 0,
  validationMacroF1: 0,
  validationCalibrationError: 0,
  trainedParameterCount: 0,
  totalParameterCount: 1,
  trainSeconds: 0,
  multiplyAccumulates: 0,
  runtime: RUNTIME,
};

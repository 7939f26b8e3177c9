import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type pg from 'pg';
import { inject, vi } from 'vitest';
import { ConfigModule } from '../../src/config/config.module.js';
import { baseModelSchema } from '../../src/domain/base-model.js';
import { DomainError } from '../../src/domain/errors.js';
import type { Reason } from '../../src/domain/reasons.js';
import { createFineTuneJobSchema } from '../../src/domain/job/create-fine-tune-job.js';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { JobEvent } from '../../src/domain/job/event.js';
import type { JobResult } from '../../src/domain/job/job-result.js';
import { datasetVersionName, parseModelVersionName } from '../../src/domain/resource-names.js';
import type { ValidationPredictions } from '../../src/domain/validation-predictions.js';
import type { Artifact } from '../../src/domain/artifact.js';
import type {
  ScoreReport,
  SoupSpec,
  StoredTask,
  TaskOutcome,
  TaskSpec,
  TrainResult,
  TrainSpec,
} from '../../src/domain/task.js';
import type { Page } from '../../src/domain/page.js';
import type { MetricPoint, Trial } from '../../src/domain/job/trial.js';
import { EstimateService } from '../../src/jobs/requests/estimate.service.js';
import { FineTuneJobService } from '../../src/jobs/requests/fine-tune-job.service.js';
import { JobRunner } from '../../src/jobs/leading/job-runner.js';
import type { Advance } from '../../src/jobs/leading/scope-watch.js';
import { ModelVersionService } from '../../src/catalog/model-version.service.js';
import { JobsModule } from '../../src/jobs/jobs.module.js';
import { TrialService } from '../../src/jobs/requests/trial.service.js';
import { JOB_STEPS } from '../../src/roles/coordinator.module.js';
import { ALGORITHM_VERSION } from '../../src/search/biotune.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { BaseModelRepository } from '../../src/storage/postgres/base-model.repository.js';
import { DatasetRepository } from '../../src/storage/postgres/dataset.repository.js';
import { FineTuneJobRepository } from '../../src/storage/postgres/fine-tune-job.repository.js';
import { type Leadership, LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import type { LeaseRef } from '../../src/storage/postgres/lease.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue } from '../../src/tasks/task-queue.js';
import { Transactions } from '../../src/storage/postgres/transactions.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { failedOutcome } from '../../src/worker/supervisor/attempt.js';
import { createTestDatabase, querySql, type TestDatabase } from '../support/database.js';
import { createTestBucket } from '../support/object-store.js';
import { predictedBy, retrained, scored, souped, trained } from './made-up-results.js';

const PROJECT = 'test';
const BASE_MODEL_FILE = join(import.meta.dirname, '../../assets/efficientnet-lite0/base-model.json');
/** Of each class. */
const IMAGE_COUNT = { train: 40, validation: 20, test: 100 };

/** What the jobs' images are. */
export interface MadeUpDataset {
  readonly labels: readonly string[];
  /** Of each class. */
  readonly imageCount: Readonly<Record<'train' | 'validation' | 'test', number>>;
}

const FASHION: MadeUpDataset = { labels: ['bag', 'sneaker', 'trouser'], imageCount: IMAGE_COUNT };
const STALLED_SECONDS_MAX = 6 * 3600;

/** What a training comes to: the accuracy that it reaches on validation and on test, and what it takes. */
export interface MadeUpTraining {
  readonly validation: number;
  readonly test: number | Reason;
  /** 1e9 when absent. */
  readonly multiplyAccumulates?: number;
  /** The places of the validation images that it takes for another class; the last ones of each class when absent. */
  readonly wrong?: (place: number) => boolean;
  /** The best epoch of each of its stages; [1] when absent, and those of the spec where it has some. */
  readonly stageBestEpochs?: readonly number[];
  /** Whether it stops before the rung that it is asked to pause at; it does not when absent. */
  readonly stopsEarly?: boolean;
}

/** How good a training is, or why a try of it is none. */
export type MadeUp = (spec: TrainSpec) => MadeUpTraining | Reason;

/** How good a soup is, or why a try of it is none. */
export type MadeUpSoup = (spec: SoupSpec) => MadeUpTraining | Reason;

const noSoup: MadeUpSoup = () => {
  throw new Error('nobody has asked for a soup');
};

/** A job with whoever leads it. */
export interface Led {
  readonly leadership: Leadership;
  readonly runner: JobRunner;
}

/** Jobs on real rows, with workers that make their results up: the rules of a job's life without its trainings. */
export class JobHarness {
  /** What a test of each weight file comes to, by its hash. */
  private readonly models = new Map<string, number | Reason>();

  private constructor(
    private readonly app: INestApplicationContext,
    private readonly database: TestDatabase,
    private readonly madeUp: MadeUpDataset,
    readonly datasetVersion: string,
    /** Of the test split's only shard. */
    readonly testShardSha256: string,
  ) {}

  /** @param options `s3Endpoint`: of another server than the run's own, with the same keys. */
  static async start({
    s3Endpoint,
    madeUp = FASHION,
  }: { s3Endpoint?: string; madeUp?: MadeUpDataset } = {}): Promise<JobHarness> {
    const database = await createTestDatabase();
    const { bucket } = await createTestBucket();
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    const config = ConfigModule.forRoot({
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: 5,
      S3_ENDPOINT: s3Endpoint ?? endpoint,
      S3_REGION: 'us-east-1',
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_BUCKET: bucket,
      REPRODUCIBILITY_DEFAULT: 'BITWISE',
      JOB_STALLED_SECONDS_MAX: STALLED_SECONDS_MAX,
    });
    @Module({ imports: [config, StorageModule, JobsModule], providers: [...JOB_STEPS, TaskQueue] })
    class JobModule {}
    const app = await NestFactory.createApplicationContext(JobModule, { logger: false });
    await app.get(BaseModelRepository).add(baseModelSchema.parse(JSON.parse(readFileSync(BASE_MODEL_FILE, 'utf8'))));
    const dataset = await registerDataset(app);
    const testShard = await activateDataset(app, dataset, madeUp);
    return new JobHarness(app, database, madeUp, datasetVersionName(PROJECT, dataset, 1), testShard);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.database.drop();
  }

  /**
   * The request with defaults that fit the dataset. Where it does not say, it is of the paper's search, which has no rungs, and makes no
   * soup, for what becomes of one has to be made up.
   */
  request(job: object) {
    const { training, search, finals, ...rest } = { training: {}, search: { biotune: {} }, finals: {}, ...job };
    return createFineTuneJobSchema.parse({
      baseModel: 'efficientnet-lite0.imagenet',
      dataset: this.datasetVersion,
      training: { batchSize: 16, ...training },
      search: { seed: 1, ...search, biotune: { mode: 'PAPER_FAST', ...search.biotune } },
      finals: { usesSoup: false, ...finals },
      ...rest,
    });
  }

  /** A version of the same images that is still being imported. */
  async importing(): Promise<{ readonly name: string; readonly activate: () => Promise<unknown> }> {
    const dataset = await registerDataset(this.app);
    const activate = () => activateDataset(this.app, dataset, this.madeUp);
    return { name: datasetVersionName(PROJECT, dataset, 1), activate };
  }

  estimate(job: object) {
    return this.app.get(EstimateService).estimate(PROJECT, this.request(job));
  }

  create(job: object): Promise<FineTuneJob> {
    return this.app.get(FineTuneJobService).create(PROJECT, this.request(job));
  }

  get(id: string): Promise<FineTuneJob> {
    return this.app.get(FineTuneJobService).get(PROJECT, id);
  }

  list(pageSize: number) {
    return this.app.get(FineTuneJobService).list(PROJECT, { pageSize });
  }

  /** What the delivered model's files say of the test split. */
  async metricsFile(job: FineTuneJob): Promise<{ test: ScoreReport; scores: JobResult['scores'] }> {
    return (await this.modelFile(job, 'metrics.json')) as { test: ScoreReport; scores: JobResult['scores'] };
  }

  /** One of the delivered model's JSON files. */
  async modelFile({ result }: FineTuneJob, path: string): Promise<unknown> {
    const version = parseModelVersionName(result?.modelVersion ?? '');
    if (version === undefined) throw new Error('the job has made no model');
    const { model, number } = version;
    const downloads = await this.app.get(ModelVersionService).listDownloads(PROJECT, model, number);
    const file = downloads.find((download) => download.path === path);
    if (file === undefined) throw new Error(`the version has no ${path}`);
    return (await fetch(file.url)).json();
  }

  /** Leases a training, and reports a curve of so many values. @returns its trial. */
  async trainedCurve(id: string, valueCount: number): Promise<string> {
    const queue = this.app.get(TaskQueue);
    const lease = await this.lease(id);
    const values = Array.from({ length: valueCount }, (_, epoch) => ({ name: 'train_loss', epoch, value: epoch / 7 }));
    await queue.reportMetrics(lease, values);
    const tasks = await this.tasks(id);
    await queue.release(lease);
    return tasks.find((task) => task.id === lease.taskId)?.trialId ?? '';
  }

  /** The pages of a trial's curves. */
  async curve(id: string, trialId: string): Promise<(readonly MetricPoint[])[]> {
    const pages: (readonly MetricPoint[])[] = [];
    let page: Page<MetricPoint> | undefined;
    do {
      const request = { pageSize: 10_000, ...(page?.nextPageToken && { pageToken: page.nextPageToken }) };
      page = await this.app.get(TrialService).listMetricPoints(PROJECT, id, trialId, request);
      pages.push(page.items);
    } while (page.nextPageToken !== undefined);
    return pages;
  }

  async trials(id: string): Promise<readonly Trial[]> {
    const { items } = await this.app.get(TrialService).list(PROJECT, id, { pageSize: 1000 });
    return items;
  }

  /** Every task of a job with its spec, in key order. */
  tasks(id: string): Promise<StoredTask[]> {
    return this.app.get(TaskRepository).listByKeyPrefix(id, '');
  }

  /**
   * Creates a job, and does all that its coordinator and its workers do until it ends; no try is waited for.
   *
   * @param options `taskCountMax`: tasks that workers come to between two steps of the coordinator, all that there are when
   *   absent; `takesOver`: each step is another coordinator's; `soup`: how good its soups are.
   */
  async run(
    job: object,
    madeUp: MadeUp,
    {
      taskCountMax = Infinity,
      takesOver = false,
      soup = noSoup,
    }: { taskCountMax?: number; takesOver?: boolean; soup?: MadeUpSoup } = {},
  ): Promise<FineTuneJob> {
    const { id } = await this.create(job);
    let { leadership, runner } = await this.lead(id);
    while ((await runner.advance(leadership)).next !== 'ENDED') {
      await this.sql(`UPDATE tasks SET not_before = now() WHERE scope = '${id}' AND not_before > now()`);
      for (let count = 0; count < taskCountMax && (await this.work(id, madeUp, soup)); count += 1);
      if (!takesOver) continue;
      await this.app.get(LeadershipRepository).giveBack(leadership);
      ({ leadership, runner } = await this.lead(id));
    }
    return this.get(id);
  }

  /** One statement on the rows, for what takes hours. */
  sql<Row extends pg.QueryResultRow>(statement: string): Promise<Row[]> {
    return querySql<Row>(this.database.url, statement);
  }

  pause(id: string): Promise<FineTuneJob> {
    return this.app.get(FineTuneJobService).pause(PROJECT, id);
  }

  resume(id: string): Promise<FineTuneJob> {
    return this.app.get(FineTuneJobService).resume(PROJECT, id);
  }

  cancel(id: string): Promise<FineTuneJob> {
    return this.app.get(FineTuneJobService).cancel(PROJECT, id);
  }

  async events(id: string): Promise<readonly JobEvent[]> {
    return (await this.app.get(FineTuneJobService).listEvents(PROJECT, id, { pageSize: 1000 })).items;
  }

  /** Does the next task of a job. @returns false when there is none. */
  async work(id: string, madeUp: MadeUp, soup = noSoup): Promise<boolean> {
    const queue = this.app.get(TaskQueue);
    const task = await queue.lease(id, 'w', 30);
    if (task === undefined) return false;
    const outcome = await this.outcomeOf(task.spec, madeUp, soup);
    await queue.complete({ scope: id, taskId: task.id, fence: task.fence }, outcome);
    return true;
  }

  /** Takes the next task of a job, and completes it when it is told to. */
  async begin(id: string, madeUp: MadeUp): Promise<{ complete: () => Promise<boolean> }> {
    const queue = this.app.get(TaskQueue);
    const task = await queue.lease(id, 'w', 30);
    if (task === undefined) throw new Error(`${id} has no task`);
    const lease = { scope: id, taskId: task.id, fence: task.fence };
    return { complete: async () => queue.complete(lease, await this.outcomeOf(task.spec, madeUp)) };
  }

  /** A worker that takes a task and does nothing about it. */
  async lease(id: string): Promise<LeaseRef> {
    const task = await this.app.get(TaskQueue).lease(id, 'idle', 30);
    if (task === undefined) throw new Error(`${id} has no task`);
    return { scope: id, taskId: task.id, fence: task.fence };
  }

  /** What a worker that works on a task is told; undefined when the task is no longer its own. */
  heartbeat(lease: LeaseRef) {
    return this.app.get(TaskQueue).heartbeat(lease, 30);
  }

  release(lease: LeaseRef) {
    return this.app.get(TaskQueue).release(lease);
  }

  /** Lets another coordinator take over. */
  giveBack(leadership: Leadership): Promise<void> {
    return this.app.get(LeadershipRepository).giveBack(leadership);
  }

  /** Takes over a job that nobody leads. */
  async lead(id: string): Promise<Led> {
    const leaderships = this.app.get(LeadershipRepository);
    const claimed = await leaderships.claim(
      { owner: 'test', algorithmVersion: ALGORITHM_VERSION },
      { jobCount: 100, importCount: 0 },
      600,
    );
    const leadership = claimed.find(({ scope }) => scope === id);
    if (leadership === undefined) throw new Error(`nobody may lead ${id}`);
    return { leadership, runner: this.app.get(JobRunner) };
  }

  /** A step of a coordinator that has read the job before something happened to it. */
  async stepAfter(happen: () => Promise<unknown>, { leadership, runner }: Led): Promise<Advance> {
    const rows = this.app.get(FineTuneJobRepository);
    const before = await rows.findById(leadership.scope);
    await happen();
    const reading = vi.spyOn(rows, 'findById').mockResolvedValueOnce(before);
    return runner.advance(leadership).finally(() => reading.mockRestore());
  }

  private async outcomeOf(spec: TaskSpec, madeUp: MadeUp, soup = noSoup): Promise<TaskOutcome> {
    if ('score' in spec) {
      const wanted = this.models.get(spec.score.network.weights.sha256) ?? 0;
      if (typeof wanted === 'string') return failed(wanted);
      const { figures, report } = scored(wanted, this.madeUp);
      const stored = await this.app.get(ObjectStore).putBlob(Buffer.from(JSON.stringify(report)));
      return { succeeded: { score: { ...figures, report: stored } } };
    }
    if ('soup' in spec) return this.soupOf(spec.soup, soup(spec.soup));
    if (!('train' in spec)) throw new Error('there is nothing to import');
    const { train } = spec;
    const found = madeUp(train);
    if (typeof found === 'string') return failed(found);
    const made =
      train.retraining === undefined ? trained(found, train, this.madeUp) : retrained(found, train, train.retraining);
    const result = { ...made, ...(await this.predictions(found, train)) };
    if (train.pauseAfterEpochCount !== undefined) {
      const at = [train.seed, train.lrMultipliers, train.pauseAfterEpochCount];
      const checkpoint = await this.app.get(ObjectStore).putBlob(Buffer.from(`checkpoint ${JSON.stringify(at)}`));
      const lastValidationLoss = 1 - found.validation;
      if (found.stopsEarly === true) return { succeeded: { train: { ...result, lastValidationLoss } } };
      return { succeeded: { train: { ...result, lastValidationLoss, checkpoint } } };
    }
    if (!train.keepWeights) return { succeeded: { train: result } };
    const bytes = Buffer.from(
      JSON.stringify([found.test, train.technique, train.lrMultipliers, train.network.imageSizePx, train.seed]),
    );
    const weights = await this.model(bytes, found);
    return { succeeded: { train: { ...result, weights } } };
  }

  /** Stores the weights of a model, and notes what a test of them comes to. */
  private async model(bytes: Buffer, { test }: MadeUpTraining): Promise<Artifact> {
    const weights = await this.app.get(ObjectStore).putBlob(bytes);
    this.models.set(weights.sha256, test);
    return weights;
  }

  private async soupOf(spec: SoupSpec, found: MadeUpTraining | Reason): Promise<TaskOutcome> {
    if (typeof found === 'string') return failed(found);
    const members = [spec.network.weights, ...spec.others].map(({ sha256 }) => sha256);
    const weights = await this.model(Buffer.from(`soup of ${members.join()}`), found);
    const predictions = await this.stored(predictedBy(found, spec, this.madeUp));
    return { succeeded: { soup: { ...souped(found, spec), weights, predictions } } };
  }

  private stored(predicted: ValidationPredictions): Promise<Artifact> {
    return this.app.get(ObjectStore).putBlob(Buffer.from(JSON.stringify(predicted)));
  }

  /** Stores what a training takes its validation images for, where its spec asks for that. */
  private async predictions(found: MadeUpTraining, spec: TrainSpec): Promise<Pick<TrainResult, 'predictions'>> {
    const pauses = spec.pauseAfterEpochCount !== undefined && found.stopsEarly !== true;
    if (!spec.keepPredictions || pauses) return {};
    return { predictions: await this.stored(predictedBy(found, spec, this.madeUp)) };
  }

  /** What a stored training, or soup, has left of its validation images. */
  async storedPredictions({ result }: StoredTask): Promise<ValidationPredictions> {
    const kept = result !== undefined && ('train' in result ? result.train : 'soup' in result && result.soup);
    const artifact = kept ? kept.predictions : undefined;
    if (artifact === undefined) throw new Error('the task has kept no predictions');
    return JSON.parse((await this.app.get(ObjectStore).getBlob(artifact)).toString()) as ValidationPredictions;
  }
}

const failed = (reason: Reason): TaskOutcome => failedOutcome(new DomainError(reason, 'made up'));

/** Registers a version that is being imported. */
async function registerDataset(app: INestApplicationContext): Promise<string> {
  const split = { trainFraction: 0.25, validationFraction: 0.125, testFraction: 0.625, seed: 0 };
  const source = { displayName: 'fashion', sourceUri: 's3://images/fashion', split };
  return app.get(Transactions).run((transaction) => app.get(DatasetRepository).insert(transaction, PROJECT, source));
}

/** Ends the import of a version. @returns the hash of its test split's only shard. */
async function activateDataset(
  app: INestApplicationContext,
  id: string,
  { labels, imageCount }: MadeUpDataset,
): Promise<string> {
  const objects = app.get(ObjectStore);
  const splits = ['train', 'validation', 'test'] as const;
  const shards = await Promise.all(
    splits.map(async (split) => ({
      ...(await objects.putBlob(Buffer.from(`images of ${split}`))),
      split,
      imageCount: labels.length * imageCount[split],
    })),
  );
  const manifest = await objects.putBlob(Buffer.from('manifest'));
  const classes = labels.map((label, index) => ({ label, index, imageCount }));
  const found = { manifest, shards, classes, imageCount: 480, sizeBytes: 1000, issues: [] };
  await app.get(Transactions).run((transaction) => app.get(DatasetRepository).activate(transaction, id, 1, found));
  return shards.find((shard) => shard.split === 'test')?.sha256 ?? '';
}

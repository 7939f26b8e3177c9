import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import type { DataSource } from 'typeorm';
import type { StoresConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/observability/logger.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { Database } from '../../src/storage/postgres/database.js';
import { BaseModelRepository } from '../../src/storage/postgres/base-model.repository.js';
import { BlobClaimRepository } from '../../src/storage/postgres/blob-claim.repository.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { DatasetRepository } from '../../src/storage/postgres/dataset.repository.js';
import { EventRepository } from '../../src/storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../src/storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../../src/storage/postgres/model-version.repository.js';
import { SweepRepository } from '../../src/storage/postgres/sweep.repository.js';
import { TaskRepository } from '../../src/storage/postgres/task.repository.js';
import { TaskQueue } from '../../src/tasks/task-queue.js';
import { SourceBuckets } from '../../src/storage/source-buckets.js';
import { StoredObjects, type StoredObject, type UnfinishedUpload } from '../../src/storage/stored-objects.js';
import { BucketOwnership } from '../../src/tasks/bucket-ownership.js';
import { Sweep } from '../../src/tasks/sweep.js';
import { SweepBlobs } from '../../src/tasks/sweep-blobs.js';
import type { Swept } from '../../src/tasks/swept.js';
import { WorkerTaskService } from '../../src/tasks/worker-task.service.js';
import { createTestDatabase, taskQueue, type TestDatabase } from '../support/database.js';
import { createTestBucket, type TestBucket } from '../support/object-store.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Longer than anything unreferenced is kept. */
const PASSING_DAYS = 8;

/** Objects of a store whose clock can be put on: what was there before is eight days older each time. */
class AgeingObjects extends StoredObjects {
  /** When the clock was put on, each at the start of a second, for the store tells seconds. */
  readonly leaps: Date[] = [];

  override async *pages(prefix: string): AsyncGenerator<readonly StoredObject[]> {
    for await (const page of super.pages(prefix)) {
      yield page.map((object) => ({ ...object, lastModified: this.aged(object.lastModified) }));
    }
  }

  override async unfinishedUploads(): Promise<readonly UnfinishedUpload[]> {
    return (await super.unfinishedUploads()).map((upload) => ({ ...upload, initiated: this.aged(upload.initiated) }));
  }

  private aged(time: Date): Date {
    const leapCount = this.leaps.filter((leap) => time < leap).length;
    return new Date(time.getTime() - leapCount * PASSING_DAYS * DAY_MS);
  }
}

/** All rows that tell a time by which a sweep goes. */
const AGED_COLUMNS = [
  'UPDATE blob_claims SET claim_time = claim_time - $1::interval',
  'UPDATE idempotency_keys SET create_time = create_time - $1::interval',
  'UPDATE fine_tune_jobs SET end_time = end_time - $1::interval',
  'UPDATE tasks SET create_time = create_time - $1::interval, end_time = end_time - $1::interval',
];

/** A database and a bucket, the writers of both, and sweeps that keep what is unreferenced for seven days. */
export class SweepWorld {
  readonly jobs: FineTuneJobRepository;
  readonly datasets: DatasetRepository;
  readonly baseModels: BaseModelRepository;
  readonly leaderships: LeadershipRepository;
  readonly versions: ModelVersionRepository;
  readonly claims: BlobClaimRepository;
  readonly queue: TaskQueue;
  readonly tasks: TaskRepository;
  readonly rows: SweepRepository;
  readonly objects: ObjectStore;
  readonly ownership: BucketOwnership;
  readonly workers: WorkerTaskService;
  private readonly listed: AgeingObjects;
  private readonly sweeping: Sweep;

  private constructor(
    private readonly database: TestDatabase,
    readonly dataSource: DataSource,
    readonly store: TestBucket,
    config: StoresConfig,
  ) {
    this.jobs = new FineTuneJobRepository(new Database(dataSource), new EventRepository(new Database(dataSource)));
    this.datasets = new DatasetRepository(new Database(dataSource));
    this.baseModels = new BaseModelRepository(new Database(dataSource));
    this.leaderships = new LeadershipRepository(new Database(dataSource));
    this.versions = new ModelVersionRepository(new Database(dataSource));
    this.claims = new BlobClaimRepository(new Database(dataSource));
    this.queue = taskQueue(dataSource);
    this.tasks = new TaskRepository(new Database(dataSource));
    this.rows = new SweepRepository(new Database(dataSource));
    this.objects = new ObjectStore(config);
    this.listed = new AgeingObjects(config);
    this.ownership = new BucketOwnership(this.rows, this.objects, this.listed);
    const blobs = new SweepBlobs(this.rows, this.listed);
    const ages = { SWEEP_BLOB_AGE_HOURS: 7 * 24, SWEEP_METRICS_AGE_DAYS: 7 };
    this.sweeping = new Sweep(this.rows, this.listed, this.versions, blobs, this.ownership, ages);
    const bounds = { UPLOAD_PACK_MIB_MAX: 1, UPLOAD_WEIGHTS_MIB_MAX: 1, UPLOAD_REPORT_MIB_MAX: 1 };
    this.workers = new WorkerTaskService(
      this.queue,
      this.leaderships,
      this.datasets,
      this.objects,
      new SourceBuckets(config),
      this.claims,
      { ...bounds, LEASE_SECONDS: 300 },
      createLogger('coordinator', 'silent'),
    );
  }

  /** The bucket's mark is a week old, so that it is swept. */
  static async start(): Promise<SweepWorld> {
    const [database, store] = await Promise.all([createTestDatabase(), createTestBucket()]);
    const { endpoint, accessKey, secretKey } = inject('services').s3;
    const config = {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: 12,
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: 'us-east-1',
      S3_BUCKET: store.bucket,
    };
    const dataSource = await createDataSource(config).initialize();
    await migrate(dataSource);
    const world = new SweepWorld(database, dataSource, store, config);
    await world.ownership.mark();
    await world.aWeekPasses();
    return world;
  }

  async stop(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }

  /** Everything that is there becomes eight days older; nobody may be writing. */
  async aWeekPasses(): Promise<void> {
    const now = Date.now();
    const leap = Math.ceil((now + 1) / 1000) * 1000;
    // Some more, for the clock of timers is not that of dates.
    await sleep(leap - now + 20);
    this.listed.leaps.push(new Date(leap));
    await new Database(this.dataSource).transaction(async (transaction) => {
      // Past the trigger that keeps ended jobs as they are.
      await transaction.query('SET LOCAL session_replication_role = replica');
      for (const statement of AGED_COLUMNS) await transaction.query(statement, [`${PASSING_DAYS} days`]);
    });
  }

  async sweep(isDryRun = false): Promise<Swept[]> {
    const swept: Swept[] = [];
    for await (const each of this.sweeping.run(isDryRun)) swept.push(each);
    return swept;
  }

  /** Keys below a prefix, in order. */
  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of this.listed.pages(prefix)) keys.push(...page.map(({ key }) => key));
    return keys;
  }

  unfinishedUploads(): Promise<readonly UnfinishedUpload[]> {
    return this.listed.unfinishedUploads();
  }

  async count(table: 'metric_points' | 'idempotency_keys' | 'blob_claims'): Promise<number> {
    const [row] = await this.dataSource.query<{ count: number }[]>(`SELECT count(*)::int AS count FROM ${table}`);
    return row?.count ?? 0;
  }
}

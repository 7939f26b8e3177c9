import { Global, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, type StoresConfig } from '../config/config.js';
import { HealthService } from './health.service.js';
import { ObjectStore } from './object-store.js';
import { BaseModelRepository } from './postgres/base-model.repository.js';
import { CoordinatorRepository } from './postgres/coordinator.repository.js';
import { BlobClaimRepository } from './postgres/blob-claim.repository.js';
import { createDataSource, migrate } from './postgres/data-source.js';
import { Database } from './postgres/database.js';
import { DatasetRepository } from './postgres/dataset.repository.js';
import { EarlierSearchRepository } from './postgres/earlier-search.repository.js';
import { EventRepository } from './postgres/event.repository.js';
import { FineTuneJobRepository } from './postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from './postgres/leadership.repository.js';
import { LeaseRepository } from './postgres/lease.repository.js';
import { ModelVersionRepository } from './postgres/model-version.repository.js';
import { ScopeChangeRepository } from './postgres/scope-change.repository.js';
import { SweepRepository } from './postgres/sweep.repository.js';
import { TaskRepository } from './postgres/task.repository.js';
import { SourceBuckets } from './source-buckets.js';
import { StoredObjects } from './stored-objects.js';
import { Transactions } from './postgres/transactions.js';
import { TrialRepository } from './postgres/trial.repository.js';

const REPOSITORIES: readonly Provider[] = [
  Database,
  BaseModelRepository,
  CoordinatorRepository,
  BlobClaimRepository,
  DatasetRepository,
  EarlierSearchRepository,
  EventRepository,
  FineTuneJobRepository,
  LeadershipRepository,
  LeaseRepository,
  ModelVersionRepository,
  ScopeChangeRepository,
  SweepRepository,
  TaskRepository,
  Transactions,
  TrialRepository,
];

/** Brings the schema up to date before anything uses it. */
async function openDatabase(config: StoresConfig): Promise<DataSource> {
  const dataSource = await createDataSource(config).initialize();
  await migrate(dataSource);
  return dataSource;
}

/** Makes the bucket when it does not exist. */
async function openBucket(config: StoresConfig): Promise<ObjectStore> {
  const store = new ObjectStore(config);
  await store.prepareBucket();
  return store;
}

const PROVIDERS: readonly Provider[] = [
  { provide: DataSource, inject: [CONFIG], useFactory: openDatabase },
  { provide: ObjectStore, inject: [CONFIG], useFactory: openBucket },
  SourceBuckets,
  StoredObjects,
  HealthService,
  ...REPOSITORIES,
];

/** Rows and bytes: the only module that holds connections to Postgres and S3. It keeps one pool until the application ends. */
@Global()
@Module({ providers: [...PROVIDERS], exports: [...PROVIDERS] })
export class StorageModule implements OnApplicationShutdown {
  constructor(private readonly dataSource: DataSource) {}

  async onApplicationShutdown(): Promise<void> {
    await this.dataSource.destroy();
  }
}

import { DataSource, DefaultNamingStrategy } from 'typeorm';
import { Initial1764000000000 } from '../../../migrations/1764000000000-initial.js';
import type { StoresConfig } from '../../config/config.js';
import { BaseModelEntity } from './base-model.entities.js';
import { snakeCase } from './columns.js';
import { DatasetEntity, DatasetVersionEntity } from './dataset.entities.js';
import { EventEntity, FineTuneJobEntity, IdempotencyKeyEntity, LeadershipEntity } from './fine-tune-job.entities.js';
import { ModelVersionEntity } from './model-version.entities.js';
import { MetricPointEntity, TaskEntity } from './task.entities.js';
import { TrialEntity } from './trial.entities.js';

class SnakeCaseColumns extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string | undefined): string {
    return customName ?? snakeCase(propertyName);
  }
}

/**
 * A pool of connections. Not connected yet: call `initialize()`, and `runMigrations()` where the role owns the schema.
 * Statements end after 30 s and idle transactions after 60 s, so that a lost process holds no lock.
 */
export function createDataSource(config: Pick<StoresConfig, 'DATABASE_URL' | 'DATABASE_POOL_SIZE'>): DataSource {
  return new DataSource({
    type: 'postgres',
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    namingStrategy: new SnakeCaseColumns(),
    entities: [
      BaseModelEntity,
      DatasetEntity,
      DatasetVersionEntity,
      EventEntity,
      FineTuneJobEntity,
      IdempotencyKeyEntity,
      LeadershipEntity,
      MetricPointEntity,
      ModelVersionEntity,
      TaskEntity,
      TrialEntity,
    ],
    migrations: [Initial1764000000000],
    synchronize: false,
    extra: {
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  });
}

/** Any number that no other program takes as an advisory lock of this database. */
const MIGRATION_LOCK = 7_205_001;

/** Runs the migrations that are missing; processes that start at the same time take turns. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await dataSource.runMigrations();
    await runner.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
  } finally {
    await runner.release();
  }
}

import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, DefaultNamingStrategy, type EntityManager, MigrationExecutor } from 'typeorm';
import { Initial1764000000000 } from '../../../migrations/1764000000000-initial.js';
import { TrialSettings1765000000000 } from '../../../migrations/1765000000000-trial-settings.js';
import { MoreMethods1765100000000 } from '../../../migrations/1765100000000-more-methods.js';
import { PrunedTrials1765200000000 } from '../../../migrations/1765200000000-pruned-trials.js';
import { FinalsChoice1765300000000 } from '../../../migrations/1765300000000-finals-choice.js';
import { Priors1765400000000 } from '../../../migrations/1765400000000-priors.js';
import { SearchSpace1765500000000 } from '../../../migrations/1765500000000-search-space.js';
import { SoupTasks1765600000000 } from '../../../migrations/1765600000000-soup-tasks.js';
import { SoupsOfJobs1765700000000 } from '../../../migrations/1765700000000-soups-of-jobs.js';
import { SearchEndings1765800000000 } from '../../../migrations/1765800000000-search-endings.js';
import { RetrainedMethods1765900000000 } from '../../../migrations/1765900000000-retrained-methods.js';
import { EvaluationDivision1766100000000 } from '../../../migrations/1766100000000-evaluation-division.js';
import type { StoresConfig } from '../../config/config.js';
import { BaseModelEntity } from './entities/base-model.entities.js';
import { snakeCase } from './entities/columns.js';
import { DatasetEntity, DatasetVersionEntity } from './entities/dataset.entities.js';
import {
  CoordinatorEntity,
  EventEntity,
  FineTuneJobEntity,
  IdempotencyKeyEntity,
  LeadershipEntity,
} from './entities/fine-tune-job.entities.js';
import { ModelVersionEntity } from './entities/model-version.entities.js';
import { MetricPointEntity, TaskEndEntity, TaskEntity } from './entities/task.entities.js';
import { BlobClaimEntity, SweepStateEntity } from './entities/sweep.entities.js';
import { TrialEntity } from './entities/trial.entities.js';

class SnakeCaseColumns extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string | undefined): string {
    return customName ?? snakeCase(propertyName);
  }
}

/** The longest wait for a new connection, and for one that comes free. */
const CONNECT_MS_MAX = 5_000;
/** The server ends a statement, and a transaction that nobody goes on with: a lost process holds no lock for longer. */
const STATEMENT_MS_MAX = 8_000;
const IDLE_TRANSACTION_MS_MAX = 10_000;
/** The longest silence of a connection: the server would have ended the statement before, so the connection is cut. */
const SILENCE_MS_MAX = 10_000;

/**
 * A connection that ends itself, with all that waits on it, when nothing goes through for a while.
 *
 * The time limit of pg (`query_timeout`) only lets go of the query: the connection, which still waits for the answer,
 * would go back to the pool, and the rollback after it wait once more.
 */
function impatientSocket(): Socket {
  const socket = new Socket();
  socket.setTimeout(SILENCE_MS_MAX, () => {
    const error = new Error(`Postgres said nothing for ${SILENCE_MS_MAX / 1000} s.`);
    socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
  });
  return socket;
}

/** In the order in which they are applied. */
const MIGRATIONS = [
  Initial1764000000000,
  TrialSettings1765000000000,
  MoreMethods1765100000000,
  PrunedTrials1765200000000,
  FinalsChoice1765300000000,
  Priors1765400000000,
  SearchSpace1765500000000,
  SoupTasks1765600000000,
  SoupsOfJobs1765700000000,
  SearchEndings1765800000000,
  RetrainedMethods1765900000000,
  EvaluationDivision1766100000000,
];

/**
 * A pool of connections. Not connected yet: call `initialize()`, and `migrate()` where the role owns the schema.
 * No statement and no transaction waits for ever: not for the server, nor the server for us.
 */
export function createDataSource(config: Pick<StoresConfig, 'DATABASE_URL' | 'DATABASE_POOL_SIZE'>): DataSource {
  return new DataSource({
    type: 'postgres',
    url: config.DATABASE_URL,
    poolSize: config.DATABASE_POOL_SIZE,
    namingStrategy: new SnakeCaseColumns(),
    entities: [
      BaseModelEntity,
      CoordinatorEntity,
      BlobClaimEntity,
      DatasetEntity,
      DatasetVersionEntity,
      EventEntity,
      FineTuneJobEntity,
      IdempotencyKeyEntity,
      LeadershipEntity,
      MetricPointEntity,
      ModelVersionEntity,
      TaskEndEntity,
      SweepStateEntity,
      TaskEntity,
      TrialEntity,
    ],
    migrations: MIGRATIONS,
    synchronize: false,
    extra: {
      keepAlive: true,
      stream: impatientSocket,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      statement_timeout: STATEMENT_MS_MAX,
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS_MAX,
    },
  });
}

/** Any number that no other program takes as an advisory lock of this database. */
const MIGRATION_LOCK = 7_205_001;

const MIGRATION_LOCK_POLL_MS = 200;

/** Runs the migrations that are missing; processes that start at the same time take turns. */
export async function migrate(dataSource: DataSource): Promise<void> {
  // The lock goes with the transaction, also when this process falls silent in the middle.
  await dataSource.transaction(async (transaction) => {
    while (!(await holdsMigrationLock(transaction))) await sleep(MIGRATION_LOCK_POLL_MS);
    await new MigrationExecutor(dataSource, transaction.queryRunner).executePendingMigrations();
  });
}

/** Tries to take the lock, to be called again and again: a statement that waits for it would meet its time limit. */
async function holdsMigrationLock(transaction: EntityManager): Promise<boolean> {
  const [row] = await transaction.query<{ isHeld: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS "isHeld"', [
    MIGRATION_LOCK,
  ]);
  return row?.isHeld ?? false;
}

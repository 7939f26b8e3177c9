import { WorkerTokens } from '../../src/tasks/worker-token.js';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { Coordinator } from '../../src/jobs/leading/coordinator.js';
import type { ImportRunner } from '../../src/jobs/leading/import-runner.js';
import type { JobRunner } from '../../src/jobs/leading/job-runner.js';
import type { ProcessPool } from '../../src/launch/process-pool.js';
import { ALGORITHM_VERSION } from '../../src/search/biotune.js';
import { Database } from '../../src/storage/postgres/database.js';
import { CoordinatorRepository } from '../../src/storage/postgres/coordinator.repository.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { LeadershipRepository } from '../../src/storage/postgres/leadership.repository.js';
import { createTestDatabase, type TestDatabase, noTransaction } from '../support/database.js';

let database: TestDatabase;
let dataSource: DataSource;
const running = new Set<Coordinator>();

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 6 }).initialize();
  await migrate(dataSource);
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

beforeEach(() => dataSource.query('TRUNCATE leaderships, coordinators'));

afterEach(async () => {
  await Promise.all([...running].map(stop));
});

/** A coordinator that leads, on real rows, jobs in which nothing happens. */
function start(): Coordinator {
  const idle = { advance: () => Promise.resolve({ next: 'WAIT' }) };
  const pool = { stopWorkers: () => Promise.resolve(), stopAll: () => Promise.resolve() };
  const coordinator = new Coordinator(
    new CoordinatorRepository(new Database(dataSource)),
    new LeadershipRepository(new Database(dataSource)),
    idle as unknown as JobRunner,
    idle as unknown as ImportRunner,
    pool as unknown as ProcessPool,
    new WorkerTokens('x'.repeat(32), 3600),
    pino({ level: 'silent' }),
    { LEASE_SECONDS: 30, WORKER_GRPC_HOST: '127.0.0.1', WORKER_GRPC_PORT: 1 },
  );
  running.add(coordinator);
  coordinator.onApplicationBootstrap();
  return coordinator;
}

async function stop(coordinator: Coordinator): Promise<void> {
  running.delete(coordinator);
  await coordinator.beforeApplicationShutdown();
}

async function open(scopeCount: number, version: number | undefined = ALGORITHM_VERSION): Promise<void> {
  const leaderships = new LeadershipRepository(new Database(dataSource));
  for (let scope = 0; scope < scopeCount; scope += 1) {
    await leaderships.open(noTransaction(dataSource), `ftj_${String(version)}_${scope}`, version);
  }
}

/** How many scopes each coordinator leads, the most first; nobody leads a scope that is not counted. */
async function leads(): Promise<number[]> {
  const rows = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM leaderships WHERE lease_until > now() GROUP BY owner ORDER BY count DESC`,
  );
  return rows.map(({ count }) => count);
}

const soon = (expected: number[]) =>
  vi.waitFor(async () => expect(await leads()).toEqual(expected), { timeout: 60_000, interval: 100 });

it('shares out what two coordinators find, also more than they take at a time', async () => {
  await open(121);
  start();
  start();
  await soon([61, 60]);
});

it('gives a coordinator that starts late its share', async () => {
  await open(8);
  start();
  await soon([8]);
  start();
  await soon([4, 4]);
  start();
  await soon([3, 3, 2]);
});

it('gives the share of one that goes to those that stay', async () => {
  await open(5);
  const first = start();
  start();
  await soon([3, 2]);
  await stop(first);
  await soon([5]);
});

it('gives the share of one that fell silent to the others', async () => {
  await open(4);
  await dataSource.query(
    `INSERT INTO coordinators (owner, algorithm_version, alive_until) VALUES ('!', $1, now() + interval '3 seconds')`,
    [ALGORITHM_VERSION],
  );
  start();
  await soon([2]);
  await soon([4]);
});

it('shares out no paused jobs, which nobody leads', async () => {
  await open(4);
  const leaderships = new LeadershipRepository(new Database(dataSource));
  for (const scope of [0, 1]) await leaderships.park(noTransaction(dataSource), `ftj_${ALGORITHM_VERSION}_${scope}`);
  await dataSource.query(
    `INSERT INTO coordinators (owner, algorithm_version, alive_until) VALUES ('!', $1, now() + interval '1 hour')`,
    [ALGORITHM_VERSION],
  );
  const { jobs } = await new CoordinatorRepository(new Database(dataSource)).announce(
    { owner: 'me', algorithmVersion: ALGORITHM_VERSION },
    30,
  );
  expect(jobs).toMatchObject({ scopeCount: 2, heldCount: 0, coordinatorCount: 2, rank: 1 });
});

it('leaves no share to coordinators that cannot lead the jobs', async () => {
  await open(3);
  await dataSource.query(
    `INSERT INTO coordinators (owner, algorithm_version, alive_until) VALUES ('!', $1, now() + interval '1 hour')`,
    [ALGORITHM_VERSION + 1],
  );
  start();
  await soon([3]);
});

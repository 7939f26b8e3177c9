import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSource } from 'typeorm';
import { Priors1765400000000 } from '../../migrations/1765400000000-priors.js';
import { SearchSpace1765500000000 } from '../../migrations/1765500000000-search-space.js';
import { createDataSource, migrate } from '../../src/storage/postgres/data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('the schema', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 4 }).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('is made once by processes that start together', async () => {
    const other = await createDataSource({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 }).initialize();
    await Promise.all([migrate(dataSource), migrate(other)]);
    await other.destroy();
    expect(await dataSource.showMigrations()).toBe(false);
  });

  it('is what the entities say', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  /** Rules by name, in Postgres's own words; names of primary keys are not the entities' business. */
  const rules = (source: DataSource) =>
    source.query<{ name: string; rule: string }[]>(
      `SELECT conname AS name, pg_get_constraintdef(oid) AS rule FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'u') AND conrelid::regclass::text <> 'migrations'
       UNION SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND indexname NOT LIKE '%pkey' AND indexname NOT LIKE 'PK_%' AND tablename <> 'migrations'
       ORDER BY name`,
    );

  it('has the checks and indexes that the entities would make, word for word', async () => {
    const made = await createTestDatabase();
    const other = createDataSource({ DATABASE_URL: made.url, DATABASE_POOL_SIZE: 2 });
    await other.initialize();
    await other.synchronize();
    expect(await rules(dataSource)).toEqual(await rules(other));
    await other.destroy();
    await made.drop();
  });

  it('refuses NaN and infinity as a fitness', async () => {
    await dataSource.query(`INSERT INTO datasets (id, project, display_name) VALUES ('d', 'p', 'd')`);
    await dataSource.query(
      `INSERT INTO dataset_versions (dataset_id, number, project, source_uri, split) VALUES ('d', 1, 'p', 's3://b/p', '{}')`,
    );
    await dataSource.query(
      `INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version)
       VALUES ('j', 'p', 'd', 1, '{}', 1)`,
    );
    for (const fitness of ['NaN', 'Infinity', '-Infinity']) {
      const insert = dataSource.query(
        `INSERT INTO trials (id, job_id, phase, generation, slot, origin, method, lr_multipliers, fitness)
         VALUES ('t', 'j', 'SEARCH', 0, 0, 'INITIAL', 'BIOTUNE', '{1}', $1)`,
        [fitness],
      );
      await expect(insert).rejects.toThrow('trials_fitness_finite');
    }
  });

  it('refuses any change of a job that has ended', async () => {
    await dataSource.query(`UPDATE fine_tune_jobs SET state = 'SUCCEEDED' WHERE id = 'j'`);
    const change = dataSource.query(`UPDATE fine_tune_jobs SET state = 'RUNNING' WHERE id = 'j'`);
    await expect(change).rejects.toThrow('has ended and cannot change');
  });

  it('gives the specs of jobs under way what their search reads of earlier jobs, and takes it back', async () => {
    const older = { search: { seed: 1 }, warmStartGenomes: [] };
    await dataSource.query(
      `INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version, state)
       VALUES ('u', 'p', 'd', 1, $1, 1, 'RUNNING')`,
      [older],
    );
    const specs = () =>
      dataSource.query<{ id: string; spec: object }[]>(`SELECT id, spec FROM fine_tune_jobs ORDER BY id`);
    const migration = new Priors1765400000000();
    const runner = dataSource.createQueryRunner();
    await migration.up(runner);
    const newer = { ...older, search: { seed: 1, priors: 'OFF' }, warmStartCandidates: [], priorCandidates: [] };
    expect(await specs()).toEqual([
      { id: 'j', spec: {} },
      { id: 'u', spec: newer },
    ]);
    await migration.down(runner);
    expect(await specs()).toContainEqual({ id: 'u', spec: older });
    await runner.release();
  });

  it('gives a job that began before searches had a space an empty one, and takes it back', async () => {
    await dataSource.query(
      `INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version)
       VALUES ('k', 'p', 'd', 1, '{"search": {"seed": 1}, "budget": {}}', 1)`,
    );
    const runner = dataSource.createQueryRunner();
    const migration = new SearchSpace1765500000000();
    const specAfter = async (move: Promise<void>) => {
      await move;
      const [row] = await dataSource.query<{ spec: object }[]>(`SELECT spec FROM fine_tune_jobs WHERE id = 'k'`);
      return row?.spec;
    };
    const search = { seed: 1, space: { augmentation: [], imageSizePx: [], batchSize: [] }, objectives: [] };
    expect(await specAfter(migration.up(runner))).toEqual({ search, budget: {} });
    expect(await specAfter(migration.down(runner))).toEqual({ search: { seed: 1 }, budget: {} });
    await runner.release();
  });

  it('goes back to nothing', async () => {
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
    const tables = await dataSource.query<{ tablename: string }[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    expect(tables).toEqual([]);
  });
});

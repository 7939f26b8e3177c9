import type { MigrationInterface, QueryRunner } from 'typeorm';

const NOT_ENDED = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

const METHODS_BEFORE = `'BIOTUNE', 'FULL_FINE_TUNE', 'FULL_FINE_TUNE_TUNED', 'LINEAR_PROBE', 'LP_FT', 'LP_BODY', 'GRADUAL_UNFREEZING',
  'AUTO_RGN', 'LORA', 'NORM_TUNE', 'L2_SP', 'L1_SP', 'LAYER_DECAY', 'RANDOM_SEARCH', 'SUFFIX_GRID'`;

/**
 * The method SOUP. Jobs that are under way make none; jobs that have ended stay as they are. It cannot be taken back while
 * rows have it.
 */
export class SoupsOfJobs1765700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allowMethods(runner, `${METHODS_BEFORE}, 'SOUP'`);
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{finals,usesSoup}', 'false') WHERE ${NOT_ENDED} AND spec ? 'finals'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await allowMethods(runner, METHODS_BEFORE);
    await runner.query(`UPDATE fine_tune_jobs SET spec = spec #- '{finals,usesSoup}' WHERE ${NOT_ENDED}`);
  }
}

async function allowMethods(runner: QueryRunner, methods: string): Promise<void> {
  for (const table of ['trials', 'model_versions']) {
    await runner.query(
      `ALTER TABLE ${table} DROP CONSTRAINT ${table}_method, ADD CONSTRAINT ${table}_method CHECK (method IN (${methods}))`,
    );
  }
}

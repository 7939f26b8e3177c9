import type { MigrationInterface, QueryRunner } from 'typeorm';

const METHODS_BEFORE = `'BIOTUNE', 'FULL_FINE_TUNE', 'FULL_FINE_TUNE_TUNED', 'LINEAR_PROBE', 'LP_FT', 'GRADUAL_UNFREEZING',
  'AUTO_RGN', 'LORA', 'L2_SP', 'L1_SP', 'LAYER_DECAY', 'RANDOM_SEARCH', 'SUFFIX_GRID'`;
const METHODS = METHODS_BEFORE.replace(`'LORA'`, `'LORA', 'NORM_TUNE'`).replace(`'LP_FT'`, `'LP_FT', 'LP_BODY'`);

const ORIGINS_BEFORE = `'INITIAL', 'ELITE_EXPLOIT', 'OFFSPRING', 'RANDOM', 'FINAL', 'BASELINE', 'ENQUEUED', 'WARM_START', 'GRID'`;
const ORIGINS = `${ORIGINS_BEFORE}, 'ANCHOR'`;

/** Lets a column have these values. */
async function allow(runner: QueryRunner, table: string, column: string, values: string): Promise<void> {
  await runner.query(
    `ALTER TABLE ${table} DROP CONSTRAINT ${table}_${column},
       ADD CONSTRAINT ${table}_${column} CHECK (${column} IN (${values}))`,
  );
}

/** The methods LP_BODY and NORM_TUNE, and candidates that a search begins with. They cannot be taken back while rows have them. */
export class MoreMethods1765100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, 'trials', 'method', METHODS);
    await allow(runner, 'model_versions', 'method', METHODS);
    await allow(runner, 'trials', 'origin', ORIGINS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, 'trials', 'method', METHODS_BEFORE);
    await allow(runner, 'model_versions', 'method', METHODS_BEFORE);
    await allow(runner, 'trials', 'origin', ORIGINS_BEFORE);
  }
}

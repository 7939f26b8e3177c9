import type { MigrationInterface, QueryRunner } from 'typeorm';

const BEFORE = `'BIOTUNE', 'FULL_FINE_TUNE', 'FULL_FINE_TUNE_TUNED', 'LINEAR_PROBE', 'LP_FT', 'GRADUAL_UNFREEZING',
  'AUTO_RGN', 'LORA', 'L2_SP', 'L1_SP', 'LAYER_DECAY', 'RANDOM_SEARCH', 'SUFFIX_GRID'`;
const AFTER = BEFORE.replace(`'LORA'`, `'LORA', 'NORM_TUNE'`);

async function allow(runner: QueryRunner, methods: string): Promise<void> {
  for (const table of ['trials', 'model_versions']) {
    await runner.query(
      `ALTER TABLE ${table} DROP CONSTRAINT ${table}_method,
         ADD CONSTRAINT ${table}_method CHECK (method IN (${methods}))`,
    );
  }
}

/** One method more: NORM_TUNE. It cannot be taken back while rows have it. */
export class NormTune1765100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, AFTER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, BEFORE);
  }
}

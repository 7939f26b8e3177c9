import type { MigrationInterface, QueryRunner } from 'typeorm';

const NOT_ENDED = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

const METHODS_BEFORE = `'BIOTUNE', 'FULL_FINE_TUNE', 'FULL_FINE_TUNE_TUNED', 'LINEAR_PROBE', 'LP_FT', 'LP_BODY', 'GRADUAL_UNFREEZING',
  'AUTO_RGN', 'LORA', 'NORM_TUNE', 'L2_SP', 'L1_SP', 'LAYER_DECAY', 'RANDOM_SEARCH', 'SUFFIX_GRID', 'SOUP'`;

/** The words that three columns may hold, as SQL. */
interface Allowed {
  readonly methods: string;
  readonly jobPhases: string;
}

/**
 * The method RETRAINED, the phase in which a job trains it, and the trial that it repeats. Jobs that are under way retrain nothing;
 * jobs that have ended stay as they are. It cannot be taken back while rows have one of these words.
 */
export class RetrainedMethods1765900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, {
      methods: `${METHODS_BEFORE}, 'RETRAINED'`,
      jobPhases: `'SEARCHING', 'SELECTING', 'FINALS', 'RETRAINING', 'SCORING', 'PUBLISHING'`,
    });
    await runner.query(
      'ALTER TABLE trials ADD COLUMN retrained_trial_id text CONSTRAINT trials_retrained REFERENCES trials (id)',
    );
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{finals,retrains}', 'false') WHERE ${NOT_ENDED} AND spec ? 'finals'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE fine_tune_jobs SET spec = spec #- '{finals,retrains}' WHERE ${NOT_ENDED}`);
    await runner.query('ALTER TABLE trials DROP COLUMN retrained_trial_id');
    await allow(runner, {
      methods: METHODS_BEFORE,
      jobPhases: `'SEARCHING', 'SELECTING', 'FINALS', 'SCORING', 'PUBLISHING'`,
    });
  }
}

async function allow(runner: QueryRunner, { methods, jobPhases }: Allowed): Promise<void> {
  for (const table of ['trials', 'model_versions']) {
    await runner.query(
      `ALTER TABLE ${table} DROP CONSTRAINT ${table}_method, ADD CONSTRAINT ${table}_method CHECK (method IN (${methods}))`,
    );
  }
  await runner.query(
    `ALTER TABLE fine_tune_jobs DROP CONSTRAINT fine_tune_jobs_phase,
       ADD CONSTRAINT fine_tune_jobs_phase CHECK (phase IN (${jobPhases}))`,
  );
}

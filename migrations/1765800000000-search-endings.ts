import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The words that two columns may hold, as SQL. */
interface Allowed {
  readonly stopReasons: string;
  readonly phases: string;
}

const FIRST_REASONS = `'COMPLETED', 'TARGET_REACHED', 'PLATEAU', 'TRIAL_BUDGET'`;
const LAST_REASONS = `'WALL_BUDGET', 'GPU_BUDGET', 'USER_CANCELLED', 'ERROR'`;

/** Searches may end as NO_EXPECTED_GAIN, and trials confirm a target. It cannot be taken back while there are such. */
export class SearchEndings1765800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, {
      stopReasons: `${FIRST_REASONS}, 'NO_EXPECTED_GAIN', ${LAST_REASONS}`,
      phases: `'SEARCH', 'CONFIRMATION', 'SELECTION', 'FINALS'`,
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, {
      stopReasons: `${FIRST_REASONS}, ${LAST_REASONS}`,
      phases: `'SEARCH', 'SELECTION', 'FINALS'`,
    });
  }
}

async function allow(runner: QueryRunner, { stopReasons, phases }: Allowed): Promise<void> {
  await runner.query(
    `ALTER TABLE fine_tune_jobs DROP CONSTRAINT fine_tune_jobs_stop_reason,
       ADD CONSTRAINT fine_tune_jobs_stop_reason CHECK (stop_reason IN (${stopReasons}))`,
  );
  await runner.query(
    `ALTER TABLE trials DROP CONSTRAINT trials_phase, ADD CONSTRAINT trials_phase CHECK (phase IN (${phases}))`,
  );
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const FIRST_REASONS = `'COMPLETED', 'TARGET_REACHED', 'PLATEAU', 'TRIAL_BUDGET'`;
const LAST_REASONS = `'WALL_BUDGET', 'GPU_BUDGET', 'USER_CANCELLED', 'ERROR'`;

/** Searches may end as NO_EXPECTED_GAIN. It cannot be taken back while there are such. */
export class SearchEndings1765800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, `${FIRST_REASONS}, 'NO_EXPECTED_GAIN', ${LAST_REASONS}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, `${FIRST_REASONS}, ${LAST_REASONS}`);
  }
}

async function allow(runner: QueryRunner, stopReasons: string): Promise<void> {
  await runner.query(
    `ALTER TABLE fine_tune_jobs DROP CONSTRAINT fine_tune_jobs_stop_reason,
       ADD CONSTRAINT fine_tune_jobs_stop_reason CHECK (stop_reason IN (${stopReasons}))`,
  );
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const NOT_ENDED = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

/** The searches of jobs that are under way stay on the images that they have. Jobs that have ended stay as they are. */
export class EvaluationDivision1766100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{evaluation,division}', '"FIXED"')
        WHERE ${NOT_ENDED} AND spec ? 'evaluation'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE fine_tune_jobs SET spec = spec #- '{evaluation,division}' WHERE ${NOT_ENDED}`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const ORIGINS_BEFORE = `'INITIAL', 'ELITE_EXPLOIT', 'OFFSPRING', 'RANDOM', 'FINAL', 'BASELINE', 'ENQUEUED', 'WARM_START', 'GRID',
  'ANCHOR'`;

const allowOrigins = (origins: string): string =>
  `ALTER TABLE trials DROP CONSTRAINT trials_origin, ADD CONSTRAINT trials_origin CHECK (origin IN (${origins}))`;

/** A job that has ended cannot change, and nothing is planned from its spec any more. */
const UNDER_WAY = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

/** Candidates that come from earlier jobs. It cannot be taken back while trials have them. */
export class Priors1765400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(allowOrigins(`${ORIGINS_BEFORE}, 'PRIOR'`));
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{search,priors}', '"OFF"')
              || '{"warmStartCandidates": [], "priorCandidates": []}'
        WHERE ${UNDER_WAY}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(allowOrigins(ORIGINS_BEFORE));
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = (spec - 'warmStartCandidates' - 'priorCandidates') #- '{search,priors}'
        WHERE ${UNDER_WAY}`,
    );
  }
}

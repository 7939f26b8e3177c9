import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATES_BEFORE = `'QUEUED', 'RUNNING', 'SUCCEEDED', 'INFEASIBLE', 'FAILED', 'CANCELLED'`;
const STATES = STATES_BEFORE.replace(`'INFEASIBLE'`, `'INFEASIBLE', 'PRUNED'`);

/** Lets trials be in these states. */
async function allow(runner: QueryRunner, states: string): Promise<void> {
  await runner.query(
    `ALTER TABLE trials DROP CONSTRAINT trials_state, ADD CONSTRAINT trials_state CHECK (state IN (${states}))`,
  );
}

/** Trials that are dropped at a rung, and why. They cannot be taken back while rows have them. */
export class PrunedTrials1765200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, STATES);
    await runner.query('ALTER TABLE trials ADD COLUMN pruning jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE trials DROP COLUMN pruning');
    await allow(runner, STATES_BEFORE);
  }
}

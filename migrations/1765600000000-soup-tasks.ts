import type { MigrationInterface, QueryRunner } from 'typeorm';

const KINDS_BEFORE = `'IMPORT', 'TRAIN', 'SCORE'`;

/** Tasks of the kind SOUP. They cannot be taken back while there are such. */
export class SoupTasks1765600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await allow(runner, `${KINDS_BEFORE}, 'SOUP'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await allow(runner, KINDS_BEFORE);
  }
}

async function allow(runner: QueryRunner, kinds: string): Promise<void> {
  await runner.query(
    `ALTER TABLE tasks DROP CONSTRAINT tasks_kind, ADD CONSTRAINT tasks_kind CHECK (kind IN (${kinds}))`,
  );
}

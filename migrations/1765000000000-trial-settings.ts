import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a trial's candidate sets over its method's own settings; NULL where it sets nothing. */
export class TrialSettings1765000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE trials ADD COLUMN settings jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE trials DROP COLUMN settings');
  }
}

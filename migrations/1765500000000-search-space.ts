import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows of jobs that have ended never change; nothing reads the fields below of them. */
const HAS_NOT_ENDED = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

/** Jobs that began before searches could leave settings open leave none open, and name no objectives. */
export class SearchSpace1765500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs
          SET spec = jsonb_set(spec, '{search}', spec -> 'search' ||
                '{"space": {"augmentation": [], "imageSizePx": [], "batchSize": []}, "objectives": []}')
        WHERE ${HAS_NOT_ENDED}`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = spec #- '{search,space}' #- '{search,objectives}' WHERE ${HAS_NOT_ENDED}`,
    );
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that were created before searches could leave settings open leave none open, and name no objectives. */
export class SearchSpace1765500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs
          SET spec = jsonb_set(spec, '{search}', spec -> 'search' ||
                '{"space": {"augmentation": [], "imageSizePx": [], "batchSize": []}, "objectives": []}')`,
    );
    await runner.query(`UPDATE fine_tune_jobs SET result = result || '{"paretoFront": []}' WHERE result IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE fine_tune_jobs SET spec = spec #- '{search,space}' #- '{search,objectives}'`);
    await runner.query(`UPDATE fine_tune_jobs SET result = result - 'paretoFront' - 'settings'`);
  }
}

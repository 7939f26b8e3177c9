import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Jobs from before there was a choice go on and end as they began: seeds after the search validate on the same images, and the
 * best is delivered.
 */
export class FinalsChoice1765300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{finals}',
         '{"division": "FIXED", "choice": "BEST"}'::jsonb || (spec -> 'finals')) WHERE spec ? 'finals'`,
    );
    await runner.query(
      `UPDATE fine_tune_jobs SET result = jsonb_set(result, '{delivery}', jsonb_build_object('best', result -> 'method',
         'difference', 0, 'standardError', 0, 'reason', (result ->> 'method') || ' is the best on validation by its mean over the seeds.'))
       WHERE result IS NOT NULL AND NOT result ? 'delivery'`,
    );
    await runner.query(
      `UPDATE tasks SET spec = jsonb_set(spec, '{train,keepPredictions}', 'false') WHERE kind = 'TRAIN'
         AND state IN ('queued', 'leased') AND NOT spec -> 'train' ? 'keepPredictions'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = spec #- '{finals,division}' #- '{finals,choice}', result = result - 'delivery'`,
    );
    await runner.query(`UPDATE tasks SET spec = spec #- '{train,keepPredictions}' WHERE kind = 'TRAIN'`);
  }
}

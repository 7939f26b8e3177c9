import type { MigrationInterface, QueryRunner } from 'typeorm';

const NOT_ENDED = `state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')`;

/**
 * Jobs that are under way end as they began: all seeds validate on the same images, the best is delivered, and no training
 * has a least number of steps. Jobs that have ended stay as they are.
 */
export class FinalsChoice1765300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{finals}',
         '{"division": "FIXED", "choice": "BEST"}'::jsonb || (spec -> 'finals')) WHERE ${NOT_ENDED} AND spec ? 'finals'`,
    );
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = jsonb_set(spec, '{training,stepCountMin}', '0') WHERE ${NOT_ENDED}`,
    );
    await runner.query(
      `UPDATE tasks SET spec = jsonb_set(spec, '{train,keepPredictions}', 'false')
        WHERE kind = 'TRAIN' AND state IN ('queued', 'leased') AND NOT spec -> 'train' ? 'keepPredictions'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE fine_tune_jobs SET spec = spec #- '{finals,division}' #- '{finals,choice}' #- '{training,stepCountMin}'
        WHERE ${NOT_ENDED}`,
    );
    await runner.query(
      `UPDATE tasks SET spec = spec #- '{train,keepPredictions}' WHERE kind = 'TRAIN' AND state IN ('queued', 'leased')`,
    );
  }
}

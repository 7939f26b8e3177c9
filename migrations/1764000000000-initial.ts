import type { MigrationInterface, QueryRunner } from 'typeorm';

const METHODS = `'BIOTUNE', 'FULL_FINE_TUNE', 'FULL_FINE_TUNE_TUNED', 'LINEAR_PROBE', 'LP_FT', 'GRADUAL_UNFREEZING',
        'AUTO_RGN', 'LORA', 'L2_SP', 'L1_SP', 'LAYER_DECAY', 'RANDOM_SEARCH', 'SUFFIX_GRID'`;

const UP = [
  // The catalogue
  `CREATE TABLE base_models (
     id text PRIMARY KEY,
     display_name text NOT NULL,
     architecture text NOT NULL,
     input_size_px integer NOT NULL,
     input_size_px_min integer NOT NULL,
     mean double precision[] NOT NULL,
     std double precision[] NOT NULL,
     parameter_count bigint NOT NULL,
     size_bytes bigint NOT NULL,
     sha256 text NOT NULL,
     license text NOT NULL,
     source_uri text NOT NULL,
     blocks jsonb NOT NULL)`,
  `CREATE TABLE datasets (
     id text PRIMARY KEY,
     project text NOT NULL,
     display_name text NOT NULL,
     create_time timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE dataset_versions (
     dataset_id text NOT NULL CONSTRAINT dataset_versions_dataset REFERENCES datasets (id),
     number integer NOT NULL,
     project text NOT NULL,
     source_uri text NOT NULL,
     split jsonb NOT NULL,
     state text NOT NULL DEFAULT 'IMPORTING',
     image_count bigint NOT NULL DEFAULT 0,
     size_bytes bigint NOT NULL DEFAULT 0,
     classes jsonb NOT NULL DEFAULT '[]',
     issues jsonb NOT NULL DEFAULT '[]',
     manifest jsonb,
     shards jsonb NOT NULL DEFAULT '[]',
     error jsonb,
     create_time timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (dataset_id, number),
     CONSTRAINT dataset_versions_state CHECK (state IN ('IMPORTING', 'ACTIVE', 'REJECTED')))`,

  // Jobs
  `CREATE TABLE fine_tune_jobs (
     id text PRIMARY KEY,
     project text NOT NULL,
     external_id text,
     display_name text,
     labels jsonb NOT NULL DEFAULT '{}',
     dataset_id text NOT NULL,
     dataset_version integer NOT NULL,
     spec jsonb NOT NULL,
     algorithm_version integer NOT NULL,
     state text NOT NULL DEFAULT 'VALIDATING',
     phase text,
     pause jsonb,
     outage jsonb,
     outage_since timestamptz,
     active_seconds double precision NOT NULL DEFAULT 0,
     active_since timestamptz,
     runtime jsonb,
     stop_reason text,
     result jsonb,
     error jsonb,
     create_time timestamptz NOT NULL DEFAULT now(),
     start_time timestamptz,
     end_time timestamptz,
     update_time timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT fine_tune_jobs_dataset FOREIGN KEY (dataset_id, dataset_version)
       REFERENCES dataset_versions (dataset_id, number),
     CONSTRAINT fine_tune_jobs_state CHECK (state IN
       ('VALIDATING', 'QUEUED', 'RUNNING', 'PAUSING', 'PAUSED', 'CANCELLING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
     CONSTRAINT fine_tune_jobs_phase CHECK (phase IN ('SEARCHING', 'SELECTING', 'FINALS', 'SCORING', 'PUBLISHING')),
     CONSTRAINT fine_tune_jobs_stop_reason CHECK (stop_reason IN
       ('COMPLETED', 'TARGET_REACHED', 'PLATEAU', 'TRIAL_BUDGET', 'WALL_BUDGET', 'GPU_BUDGET', 'USER_CANCELLED', 'ERROR')))`,
  `CREATE INDEX fine_tune_jobs_by_project ON fine_tune_jobs (project, id)`,
  `CREATE UNIQUE INDEX fine_tune_jobs_external_id ON fine_tune_jobs (project, external_id)`,
  `CREATE TABLE idempotency_keys (
     project text NOT NULL,
     key text NOT NULL,
     request_sha256 text NOT NULL,
     job_id text NOT NULL CONSTRAINT idempotency_keys_job REFERENCES fine_tune_jobs (id),
     create_time timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (project, key))`,
  `CREATE TABLE events (
     job_id text NOT NULL CONSTRAINT events_job REFERENCES fine_tune_jobs (id),
     seq bigint NOT NULL,
     type text NOT NULL,
     payload jsonb NOT NULL,
     time timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (job_id, seq))`,
  `CREATE TABLE leaderships (
     scope text PRIMARY KEY,
     algorithm_version integer,
     epoch bigint NOT NULL DEFAULT 0,
     owner text,
     lease_until timestamptz NOT NULL DEFAULT now())`,
  `CREATE INDEX leaderships_by_end ON leaderships (lease_until)`,
  `CREATE TABLE coordinators (
     owner text PRIMARY KEY,
     algorithm_version integer NOT NULL,
     alive_until timestamptz NOT NULL)`,

  // Trials and tasks
  `CREATE TABLE trials (
     id text PRIMARY KEY,
     job_id text NOT NULL CONSTRAINT trials_job REFERENCES fine_tune_jobs (id),
     phase text NOT NULL,
     generation integer NOT NULL,
     slot integer NOT NULL,
     origin text NOT NULL,
     method text NOT NULL,
     genes double precision[],
     threshold double precision,
     lr_multipliers double precision[] NOT NULL,
     fold integer,
     state text NOT NULL DEFAULT 'QUEUED',
     infeasible_reason text,
     fitness double precision,
     reused_trial_id text CONSTRAINT trials_reused REFERENCES trials (id),
     create_time timestamptz NOT NULL DEFAULT now(),
     end_time timestamptz,
     CONSTRAINT trials_place UNIQUE (job_id, phase, method, generation, slot),
     CONSTRAINT trials_phase CHECK (phase IN ('SEARCH', 'SELECTION', 'FINALS')),
     CONSTRAINT trials_origin CHECK (origin IN
       ('INITIAL', 'ELITE_EXPLOIT', 'OFFSPRING', 'RANDOM', 'FINAL', 'BASELINE', 'ENQUEUED', 'WARM_START', 'GRID')),
     CONSTRAINT trials_method CHECK (method IN
       (${METHODS})),
     CONSTRAINT trials_state CHECK (state IN
       ('QUEUED', 'RUNNING', 'SUCCEEDED', 'INFEASIBLE', 'FAILED', 'CANCELLED')),
     CONSTRAINT trials_fitness_finite CHECK (fitness > '-Infinity'::float8 AND fitness < 'Infinity'::float8))`,
  `CREATE SEQUENCE task_fences`,
  `CREATE TABLE tasks (
     id text PRIMARY KEY,
     scope text NOT NULL,
     key text NOT NULL,
     kind text NOT NULL,
     trial_id text CONSTRAINT tasks_trial REFERENCES trials (id),
     seed bigint,
     spec jsonb NOT NULL,
     state text NOT NULL DEFAULT 'queued',
     not_before timestamptz NOT NULL DEFAULT now(),
     claims integer NOT NULL DEFAULT 0,
     faults integer NOT NULL DEFAULT 0,
     lease_losses integer NOT NULL DEFAULT 0,
     outages integer NOT NULL DEFAULT 0,
     outage_since timestamptz,
     preemptions integer NOT NULL DEFAULT 0,
     fence bigint NOT NULL DEFAULT 0,
     lease_owner text,
     lease_until timestamptz,
     leader_epoch bigint,
     failure jsonb,
     result jsonb,
     create_time timestamptz NOT NULL DEFAULT now(),
     end_time timestamptz,
     CONSTRAINT tasks_key UNIQUE (scope, key),
     CONSTRAINT tasks_kind CHECK (kind IN ('IMPORT', 'TRAIN', 'SCORE')),
     CONSTRAINT tasks_state CHECK (state IN
       ('queued', 'leased', 'succeeded', 'infeasible', 'cancelled')),
     CONSTRAINT tasks_leased CHECK ((state = 'leased') = (lease_owner IS NOT NULL)))`,
  `CREATE INDEX tasks_ready ON tasks (scope, not_before, id) WHERE state = 'queued'`,
  `CREATE INDEX tasks_leased_until ON tasks (lease_until) WHERE state = 'leased'`,
  `CREATE INDEX tasks_by_trial ON tasks (trial_id)`,
  `CREATE INDEX tasks_in_outage ON tasks (scope, outage_since) WHERE outage_since IS NOT NULL AND end_time IS NULL`,
  `CREATE TABLE task_ends (
     scope text NOT NULL,
     fence bigint NOT NULL,
     trial_id text,
     PRIMARY KEY (scope, fence))`,
  `CREATE TABLE metric_points (
     task_id text NOT NULL CONSTRAINT metric_points_task REFERENCES tasks (id),
     fence bigint NOT NULL,
     name text NOT NULL,
     epoch integer NOT NULL,
     value double precision NOT NULL,
     PRIMARY KEY (task_id, fence, name, epoch),
     CONSTRAINT metric_points_finite CHECK (value > '-Infinity'::float8 AND value < 'Infinity'::float8))`,

  // What jobs make
  `CREATE TABLE model_versions (
     project text NOT NULL,
     model text NOT NULL,
     number integer NOT NULL,
     state text NOT NULL DEFAULT 'PENDING',
     job_id text NOT NULL CONSTRAINT model_versions_job_id REFERENCES fine_tune_jobs (id),
     trial_id text NOT NULL,
     method text NOT NULL,
     base_model text NOT NULL,
     dataset_version text NOT NULL,
     test_accuracy double precision NOT NULL,
     test_macro_accuracy double precision NOT NULL,
     test_macro_f1 double precision NOT NULL,
     test_calibration_error double precision NOT NULL,
     storage_uri text NOT NULL,
     files jsonb NOT NULL DEFAULT '[]',
     create_time timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (project, model, number),
     CONSTRAINT model_versions_job UNIQUE (job_id),
     CONSTRAINT model_versions_state CHECK (state IN ('PENDING', 'READY')),
     CONSTRAINT model_versions_method CHECK (method IN
       (${METHODS})))`,

  // Whatever ends a task leaves word for who leads its scope
  `CREATE FUNCTION note_task_end() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO task_ends (scope, fence, trial_id)
     SELECT NEW.scope, NEW.fence, NEW.trial_id WHERE EXISTS (SELECT FROM leaderships WHERE scope = NEW.scope)
     ON CONFLICT DO NOTHING;
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER tasks_ended AFTER UPDATE OF state ON tasks FOR EACH ROW
     WHEN (OLD.state = 'leased' AND NEW.state NOT IN ('leased', 'queued')) EXECUTE FUNCTION note_task_end()`,
  // What sweeps go by
  `CREATE TABLE blob_claims (
     sha256 text PRIMARY KEY,
     claim_time timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE sweep_state (
     single boolean PRIMARY KEY DEFAULT true,
     database_id text NOT NULL,
     epoch bigint NOT NULL DEFAULT 0,
     due_time timestamptz NOT NULL DEFAULT now(),
     CONSTRAINT sweep_state_single CHECK (single))`,

  // What has ended stays as it ended
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     RAISE EXCEPTION '% has ended and cannot change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
   END $$`,
  `CREATE TRIGGER fine_tune_jobs_terminal BEFORE UPDATE ON fine_tune_jobs FOR EACH ROW
     WHEN (OLD.state IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) EXECUTE FUNCTION refuse_change()`,
  `CREATE TRIGGER dataset_versions_terminal BEFORE UPDATE ON dataset_versions FOR EACH ROW
     WHEN (OLD.state IN ('ACTIVE', 'REJECTED')) EXECUTE FUNCTION refuse_change()`,
] as const;

const TABLES = [
  'sweep_state',
  'blob_claims',
  'model_versions',
  'metric_points',
  'task_ends',
  'tasks',
  'trials',
  'leaderships',
  'coordinators',
  'events',
  'idempotency_keys',
  'fine_tune_jobs',
  'dataset_versions',
  'datasets',
  'base_models',
] as const;

/** The first schema: catalogue, jobs, trials, tasks and what they make. */
export class Initial1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
    await runner.query('DROP SEQUENCE task_fences');
    await runner.query('DROP FUNCTION refuse_change');
    await runner.query('DROP FUNCTION note_task_end');
  }
}

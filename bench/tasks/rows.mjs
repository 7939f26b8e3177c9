import { Database } from '../../dist/src/storage/postgres/database.js';
import { EventRepository } from '../../dist/src/storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../../dist/src/storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../dist/src/storage/postgres/leadership.repository.js';
import { ScopeChangeRepository } from '../../dist/src/storage/postgres/scope-change.repository.js';
import { LeaseRepository } from '../../dist/src/storage/postgres/lease.repository.js';
import { TaskRepository } from '../../dist/src/storage/postgres/task.repository.js';
import { Transactions } from '../../dist/src/storage/postgres/transactions.js';
import { TaskQueue } from '../../dist/src/tasks/task-queue.js';
import { TrialRepository } from '../../dist/src/storage/postgres/trial.repository.js';
import { TrialFitness } from '../../dist/src/jobs/trials/trial-fitness.js';
import { TrialSettlement } from '../../dist/src/jobs/trials/trial-settlement.js';

const BLOCK_COUNT = 9;
const SHARD_COUNT = 4;
/** Tasks of one finished job. */
const JOB_TASK_COUNT = 1000;
const sha256 = (seed) => String(seed).padStart(64, '0');

export const RUNTIME = {
  tensorflowVersion: '2.19.1',
  device: 'CPU',
  oneDnn: true,
  intraOpThreadCount: 1,
  interOpThreadCount: 1,
};

/** A training as a search asks for it. */
const trainSpec = (seed) => ({
  train: {
    network: {
      architecture: 'efficientnet-lite0',
      weights: { sha256: sha256(1), sizeBytes: 18_000_000 },
      mean: [127, 127, 127],
      std: [128, 128, 128],
      imageSizePx: 224,
      classCount: 10,
    },
    pack: {
      manifest: { sha256: sha256(2), sizeBytes: 100_000 },
      shards: Array.from({ length: SHARD_COUNT }, (_, shard) => ({
        sha256: sha256(shard),
        sizeBytes: 64_000_000,
        split: 'train',
        imageCount: 5000,
      })),
    },
    training: { epochCount: 30, patienceEpochs: 3, batchSize: 96, baseLearningRate: 1e-3, optimizer: 'ADAM' },
    augmentation: 'NONE',
    lrMultipliers: Array(BLOCK_COUNT).fill(1),
    technique: { type: 'BLOCKS' },
    seed,
    fold: 0,
    foldCount: 2,
    keepWeights: false,
    keepPredictions: false,
  },
});

/** What a worker reports of it. */
export const trainResult = {
  bestEpoch: 1,
  epochCount: 4,
  validationLoss: 0.5,
  validationAccuracy: 0.8,
  validationMacroAccuracy: 0.8,
  validationMacroF1: 0.8,
  validationCalibrationError: 0.1,
  trainedParameterCount: 100,
  totalParameterCount: 100,
  trainSeconds: 2,
  multiplyAccumulates: 1e9,
  runtime: RUNTIME,
  execution: 'TRACED',
};

/** Makes a dataset version, and jobs that have ended with all their trials and tasks. */
export async function fillTable(dataSource, finishedTaskCount) {
  await dataSource.query(`INSERT INTO datasets (id, project, display_name) VALUES ('ds_1', 'bench', 'bench')`);
  await dataSource.query(
    `INSERT INTO dataset_versions (dataset_id, number, project, source_uri, split, state)
     VALUES ('ds_1', 1, 'bench', 's3://bench/images', '{}', 'ACTIVE')`,
  );
  const jobCount = Math.ceil(finishedTaskCount / JOB_TASK_COUNT);
  for (let job = 0; job < jobCount; job += 1) {
    const count = Math.min(JOB_TASK_COUNT, finishedTaskCount - job * JOB_TASK_COUNT);
    const id = `old_${job}`;
    await insertJob(dataSource.manager, id, 'SUCCEEDED');
    await dataSource.query(
      `INSERT INTO trials (id, job_id, phase, generation, slot, origin, method, lr_multipliers, state, fitness)
       SELECT $1 || '_' || n, $1, 'SEARCH', 0, n, 'RANDOM', 'RANDOM_SEARCH', '{1,1,1,1,1,1,1,1,1}', 'SUCCEEDED', 0.2
         FROM generate_series(1, $2::int) n`,
      [id, count],
    );
    await dataSource.query(
      `INSERT INTO tasks (id, scope, key, kind, trial_id, seed, spec, state, result, claims, fence, end_time)
       SELECT $1 || '_' || n, $1, 'search/' || n, 'TRAIN', $1 || '_' || n, 1, $3, 'succeeded', $4, 1, nextval('task_fences'), now()
         FROM generate_series(1, $2::int) n`,
      [id, count, trainSpec(1), { train: trainResult }],
    );
  }
  await dataSource.query('VACUUM ANALYZE');
}

/** The product's own repositories on one pool. */
export function queueOf(dataSource) {
  const database = new Database(dataSource);
  const events = new EventRepository(database);
  const jobs = new FineTuneJobRepository(database, events);
  const tasks = new TaskRepository(database);
  const leases = new TaskQueue(new LeaseRepository(database), jobs, events, new Transactions(database));
  const trials = new TrialRepository(database);
  const leaderships = new LeadershipRepository(database);
  // No file of predictions is read where all trainings of a trial have the same images.
  const settlement = new TrialSettlement(trials, tasks, events, leaderships, new TrialFitness());
  const changes = new ScopeChangeRepository(database);
  return { dataSource, tasks, leases, trials, leaderships, settlement, changes };
}

/** Makes a running job with one training for each of its trials. @returns the trials. */
export async function insertRunningJob({ dataSource, tasks, trials, leaderships }, id, taskCount) {
  return dataSource.transaction(async (transaction) => {
    await insertJob(transaction, id, 'RUNNING');
    await leaderships.open(transaction, id, 1);
    const planned = Array.from({ length: taskCount }, (_, slot) => ({
      phase: 'SEARCH',
      method: 'RANDOM_SEARCH',
      generation: 0,
      slot,
      origin: 'RANDOM',
      lrMultipliers: Array(BLOCK_COUNT).fill(1),
    }));
    const stored = await trials.insertAll(transaction, id, planned);
    const added = stored.map(({ id: trialId, slot }) => ({
      scope: id,
      key: `search/${slot}`,
      trialId,
      seed: 1,
      spec: trainSpec(1),
    }));
    await tasks.insert(transaction, added);
    return stored;
  });
}

function insertJob(manager, id, state) {
  return manager.query(
    `INSERT INTO fine_tune_jobs (id, project, dataset_id, dataset_version, spec, algorithm_version, state)
     VALUES ($1, 'bench', 'ds_1', 1, '{"reproducibility": "BITWISE"}', 1, $2)`,
    [id, state],
  );
}

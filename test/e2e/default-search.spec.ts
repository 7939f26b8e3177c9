import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { ModelVersion } from '../../src/domain/model-version.js';
import type { Trial } from '../../src/domain/job/trial.js';
import {
  call,
  createJob,
  listTrials,
  type RunningService,
  startService,
  uploadFashion,
  waitForJob,
} from '../support/running-service.js';

const CLASSES = ['bag', 'sneaker', 'trouser'];

const SECONDS_MAX = 240;

let service: RunningService;
let dataset: string;

beforeAll(async () => {
  service = await startService();
  dataset = await uploadFashion(CLASSES, 30);
});

afterAll(() => service.stop());

/** A job that leaves the search to its defaults, on images so small that trainings take seconds. */
const jobOf = (settings: object) => ({
  dataset,
  baseModel: 'baseModels/efficientnet-lite0.imagenet',
  data: { imageSizePx: 32, split: { trainFraction: 0.4, validationFraction: 0.3, testFraction: 0.3 } },
  training: { epochCount: 6, batchSize: 16, stepCountMin: 0 },
  search: { seed: 7 },
  ...settings,
});

async function run(settings: object): Promise<{ job: FineTuneJob; trials: Trial[]; version: ModelVersion }> {
  const { id } = await createJob(service, jobOf(settings));
  const job = await waitForJob(service, id, ({ done }) => done, SECONDS_MAX);
  expect(job.state).toBe('SUCCEEDED');
  const path = job.result?.modelVersion.replace('projects/test', '') ?? '';
  const { body: version } = await call<ModelVersion>(service, 'GET', path);
  return { job, trials: await listTrials(service, job.id, 100), version };
}

const methodsOf = ({ result }: FineTuneJob) => result?.scores.map(({ method }) => method);

describe('a job that says nothing of its search', () => {
  let done: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    done = await run({});
  });

  it('tries eleven candidates, of which those that promise little stop at a rung', () => {
    const { job, trials } = done;
    expect(job.spec.search.biotune.mode).toBe('ACCELERATED');
    expect(job.progress).toMatchObject({ percent: 100, trialCount: 11, completedTrialCount: 11 });
    const states = trials.filter(({ phase }) => phase === 'SEARCH').map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['SUCCEEDED', 'PRUNED']));
  });

  it('scores a soup beside its winner and the baselines, and delivers one of them', () => {
    const { job, version } = done;
    expect(methodsOf(job)).toEqual(['BIOTUNE', 'FULL_FINE_TUNE', 'LINEAR_PROBE', 'SOUP']);
    expect(methodsOf(job)).toContain(job.result?.method);
    expect(version).toMatchObject({ state: 'READY', method: job.result?.method });
  });
});

it('a job judges its candidates out of fold, and retrains what it delivers on train and validation', async () => {
  const { job, trials } = await run({
    search: { seed: 7, biotune: { populationSize: 2, eliteCount: 1, generationCount: 0 } },
    evaluation: { division: 'REDIVIDED', seedCount: 2 },
    finals: { retrains: true, finalistCount: 2, seedCount: 1 },
    baselines: [],
  });
  expect(methodsOf(job)).toEqual(['BIOTUNE', 'RETRAINED']);
  expect(job.result?.method).toBe('RETRAINED');
  const ended = trials.filter(({ phase, state }) => phase === 'SEARCH' && state === 'SUCCEEDED');
  for (const { seedResults } of ended) expect(seedResults).toHaveLength(2);
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/domain/dataset/dataset.js';
import type { JobEvent } from '../../src/domain/job/event.js';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Download, ModelVersion } from '../../src/domain/model-version.js';
import type { MetricPoint, Trial } from '../../src/domain/job/trial.js';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { querySql } from '../support/database.js';
import { callGrpc } from '../support/grpc.js';
import {
  call,
  createJob,
  listTrials,
  smallJob,
  startService,
  uploadFashion,
  waitForJob,
  type RunningService,
} from '../support/running-service.js';

const CLASSES = ['bag', 'sneaker', 'trouser'];

let service: RunningService;

beforeAll(async () => {
  service = await startService();
});

afterAll(() => service.stop());

/** Memory of a process that is at rest, in MB. */
const residentMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;

describe('the roles at rest', () => {
  it('are small, because they do not load TensorFlow', () => {
    for (const { pid } of [service.api, service.coordinator]) {
      expect(residentMb(pid)).toBeLessThan(250);
      expect(readFileSync(`/proc/${pid}/maps`, 'utf8')).not.toContain('libtensorflow');
    }
  });
});

describe('a job over REST', () => {
  let job: FineTuneJob;
  let trials: Trial[];
  let version: ModelVersion;

  beforeAll(async () => {
    const created = await createJob(service, smallJob(await uploadFashion(CLASSES, 30)));
    job = await waitForJob(service, created.id, ({ state }) => state === 'SUCCEEDED');
    trials = await listTrials(service, job.id, 4);
    const path = job.result?.modelVersion.replace('projects/test', '') ?? '';
    version = (await call<ModelVersion>(service, 'GET', path)).body;
  });

  it('ends with everything counted', () => {
    expect(job).toMatchObject({ done: true, stopReason: 'COMPLETED', progress: { percent: 100, trialCount: 9 } });
    expect(job.progress.completedTrialCount).toBe(9);
    expect(job.spec.training.patienceEpochs).toBe(3);
  });

  it('names the runtime that its trainings share', () => {
    const runtime = {
      tensorflowVersion: expect.stringMatching(/^2\./),
      device: 'CPU',
      oneDnn: true,
      execution: 'TRACED',
    };
    expect(job.runtime).toMatchObject(runtime);
    const trainingCount = trials.reduce((sum, { seedResults }) => sum + seedResults.length, 0);
    expect(job.result?.runtimes).toEqual([{ runtime: job.runtime, trainingCount }]);
  });

  it('lists each trial once, over pages, with its genome and its trainings', () => {
    const search = trials.filter(({ phase }) => phase === 'SEARCH');
    expect(search.map(({ generation, slot }) => `${generation}/${slot}`)).toEqual([
      ...['0/0', '0/1', '0/2', '0/3'],
      ...['1/0', '1/1', '1/2', '1/3', '1/4'],
    ]);
    for (const { genome, lrMultipliers, state, seedResults } of search) {
      expect(genome?.genes).toHaveLength(9);
      expect(lrMultipliers).toHaveLength(9);
      expect(seedResults).toHaveLength(state === 'SUCCEEDED' ? 1 : 0);
    }
    expect(search.map(({ fold }) => fold)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
    expect(trials.slice(9).map(({ phase, method }) => `${phase} ${method}`)).toEqual([
      'SELECTION BIOTUNE',
      'SELECTION BIOTUNE',
      'FINALS BIOTUNE',
      'FINALS FULL_FINE_TUNE',
      'FINALS LINEAR_PROBE',
    ]);
  });

  it('tries the best two of the search again, and takes the better one into the finals', () => {
    const best = trials.find(({ name }) => name === job.best?.trial);
    const fitness = trials.flatMap((trial) => (trial.phase === 'SEARCH' ? [trial.fitness ?? 1] : []));
    expect(best?.fitness).toBe(Math.min(...fitness));
    const [first, second] = trials.slice(9, 11);
    expect(first?.lrMultipliers).toEqual(best?.lrMultipliers);
    const better = (second?.fitness ?? 1) < (first?.fitness ?? 1) ? second : first;
    expect(trials[11]?.lrMultipliers).toEqual(better?.lrMultipliers);
  });

  it('trains with other seeds in the finals than in the search', () => {
    const seeds = (phase: string) =>
      new Set(
        trials.filter((trial) => trial.phase === phase).flatMap((trial) => trial.seedResults.map(({ seed }) => seed)),
      );
    const all = [...seeds('SEARCH'), ...seeds('SELECTION'), ...seeds('FINALS')];
    expect(all).toHaveLength(3);
    expect(new Set(all).size).toBe(3);
  });

  it('seals the test split: only the scoring of the finals may fetch it', async () => {
    const tasks = await querySql<{ key: string; splits: string[] }>(
      service.databaseUrl,
      `SELECT key, jsonb_path_query_array(spec, '$.*.pack.shards[*].split') AS splits FROM tasks WHERE scope = '${job.id}'`,
    );
    const splitsOf = (pattern: RegExp) =>
      new Set(tasks.filter(({ key }) => pattern.test(key)).flatMap(({ splits }) => splits));
    expect(splitsOf(/^(search|selection|final)\//)).toEqual(new Set(['train', 'validation']));
    expect(splitsOf(/^score\//)).toEqual(new Set(['test']));
  });

  it('augments every training but the linear probe, whose features are computed once', async () => {
    const tasks = await querySql<{ augmentation: string; technique: string }>(
      service.databaseUrl,
      `SELECT DISTINCT spec #>> '{train,augmentation}' AS augmentation, spec #>> '{train,technique,type}' AS technique
       FROM tasks WHERE scope = '${job.id}' AND spec ? 'train' ORDER BY technique`,
    );
    expect(tasks).toEqual([
      { augmentation: 'LIGHT', technique: 'BLOCKS' },
      { augmentation: 'NONE', technique: 'LINEAR_PROBE' },
    ]);
  });

  it('keeps the curve of every training', async () => {
    const trial = trials.find(({ seedResults }) => seedResults.length > 0);
    const path = `/fineTuneJobs/${job.id}/trials/${trial?.id}/metrics`;
    const { metricPoints } = (await call<{ metricPoints: MetricPoint[] }>(service, 'GET', path)).body;
    expect(metricPoints.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['validation_macro_f1', 'validation_calibration_error']),
    );
    const epochs = metricPoints.filter(({ name }) => name === 'validation_macro_accuracy').map(({ epoch }) => epoch);
    expect(epochs).toEqual([1, 2]);
    expect(
      1 - Math.max(...metricPoints.flatMap(({ name, value }) => (name === 'validation_macro_accuracy' ? value : []))),
    ).toBe(trial?.fitness);
  });

  it('tells its story in events without gaps', async () => {
    const { events } = (
      await call<{ events: JobEvent[] }>(service, 'GET', `/fineTuneJobs/${job.id}/events?pageSize=100`)
    ).body;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['JOB_CREATED', 'GENERATION_STARTED', 'TRIAL_COMPLETED', 'MODEL_VERSION_READY']),
    );
    expect(events.at(-1)).toMatchObject({ type: 'JOB_STATE_CHANGED', payload: { state: 'SUCCEEDED' } });
  });

  it('delivers the method that was best on validation', () => {
    const finals = trials.filter(({ phase }) => phase === 'FINALS');
    const best = Math.min(...finals.map(({ fitness }) => fitness ?? 1));
    expect(finals.find(({ method }) => method === job.result?.method)?.fitness).toBe(best);
    expect(version).toMatchObject({
      state: 'READY',
      method: job.result?.method,
      testAccuracy: job.result?.testAccuracy,
      testMacroF1: job.result?.testMacroF1,
      testCalibrationError: job.result?.testCalibrationError,
    });
  });

  it('hands over whole files by links that need no credentials', async () => {
    const path = `/models/${version.model}/versions/${version.number}/downloads`;
    const { downloads } = (await call<{ downloads: Download[] }>(service, 'GET', path)).body;
    const files = new Map<string, Buffer>();
    for (const { path: name, url, sha256 } of downloads) {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      files.set(name, bytes);
    }
    const json = (name: string): unknown => JSON.parse(files.get(name)?.toString() ?? 'null');
    expect(json('labels.json')).toEqual(CLASSES);
    expect(json('preprocess.json')).toMatchObject({ cropPx: 32, resizeShorterSidePx: 33, mean: [127, 127, 127] });
    expect(json('genome.json')).toMatchObject({ method: job.result?.method });
    expect(json('lineage.json')).toMatchObject({ searchSeed: 7, runtime: job.runtime });
    const delivered = job.result?.scores.find(({ method }) => method === job.result?.method);
    expect(delivered?.testRecalls.map(({ classIndex }) => classIndex)).toEqual([...CLASSES.keys()]);
    expect(json('metrics.json')).toMatchObject({
      test: {
        macroF1: job.result?.testMacroF1,
        calibrationError: job.result?.testCalibrationError,
        confusionMatrix: job.result?.confusionMatrix,
      },
      scores: job.result?.scores,
    });
    const weights = readSafetensors(files.get('weights/model.safetensors') ?? Buffer.alloc(0));
    expect(weights.get('_fc.weight')?.shape).toEqual([3, 1280]);
  });

  it('shows a job to nobody in another project', async () => {
    const answer = await fetch(`${service.http}/v1/projects/other/fineTuneJobs/${job.id}`);
    expect(answer.status).toBe(404);
  });
});

describe('a job in SEQUENTIAL order, by macro F1', () => {
  let trials: Trial[];

  beforeAll(async () => {
    const request = smallJob(await uploadFashion(CLASSES, 20));
    const biotune = { populationSize: 3, reproduction: 'SEQUENTIAL' };
    const evaluation = { ...request.evaluation, fitness: 'MACRO_F1' };
    const search = { ...request.search, biotune: { ...request.search.biotune, ...biotune } };
    // A fold has 12 images.
    const training = { ...request.training, batchSize: 8 };
    const { id } = await createJob(service, { ...request, training, search, evaluation, baselines: [] });
    await waitForJob(service, id, ({ state }) => state === 'SUCCEEDED');
    trials = await listTrials(service, id);
  });

  it('has 1 minus the macro F1 as fitness', () => {
    const trained = trials.filter(({ state }) => state === 'SUCCEEDED');
    expect(trained.length).toBeGreaterThan(0);
    for (const { fitness, seedResults } of trained) {
      expect(seedResults.map(({ validationMacroF1 }) => 1 - (validationMacroF1 ?? NaN))).toEqual([fitness]);
    }
  });

  it('breeds each child after the one before it has been measured', () => {
    const children = trials.filter(({ generation, slot }) => generation === 1 && slot >= 2);
    const phases = trials.map(({ phase }) => phase);
    expect(phases).toEqual([...Array.from({ length: 7 }, () => 'SEARCH'), 'SELECTION', 'SELECTION', 'FINALS']);
    expect(children).toHaveLength(2);
    const [elder, younger] = children;
    expect(Date.parse(younger?.createTime ?? '')).toBeGreaterThanOrEqual(Date.parse(elder?.endTime ?? ''));
  });
});

describe('a registered dataset', () => {
  it('is imported by itself, counted by class and split, and may then be named by jobs', async () => {
    const sourceUri = await uploadFashion(CLASSES, 20);
    const created = (await call<Dataset>(service, 'POST', '/datasets', { sourceUri, displayName: 'twenty' })).body;
    expect(created.latestVersion.state).toBe('IMPORTING');
    const dataset = await waitForDataset(created.id);
    expect(dataset.latestVersion).toMatchObject({ state: 'ACTIVE', imageCount: 60 });
    expect(dataset.latestVersion.classes).toEqual(
      CLASSES.map((label, index) => ({ label, index, imageCount: { train: 14, validation: 3, test: 3 } })),
    );
    const { data, ...rest } = smallJob(dataset.latestVersion.name);
    const refused = await call<{ reason: string }>(service, 'POST', '/fineTuneJobs', { ...rest, data });
    expect(refused).toMatchObject({ status: 400, body: { reason: 'SPLIT_ALREADY_FIXED' } });
    const job = await createJob(service, { ...rest, data: { imageSizePx: 32 } });
    await waitForJob(service, job.id, ({ state }) => state === 'RUNNING');
    await call(service, 'POST', `/fineTuneJobs/${job.id}/cancel`);
    const cancelled = await waitForJob(service, job.id, ({ done }) => done);
    expect(cancelled).toMatchObject({ state: 'CANCELLED', stopReason: 'USER_CANCELLED' });
  });

  async function waitForDataset(id: string): Promise<Dataset> {
    for (;;) {
      const { body } = await call<Dataset>(service, 'GET', `/datasets/${id}`);
      if (body.latestVersion.state !== 'IMPORTING') return body;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
});

describe('a job over gRPC', () => {
  it('is created, read, listed and cancelled', async () => {
    const dataset = await uploadFashion(CLASSES, 20);
    const grpc = <T>(method: string, request: object) =>
      callGrpc<T>(service.grpcAddress, 'FineTuneJobs', method, request);
    const requestId = '3f0c3b52-8c55-4f0b-a8c5-0b1ec4a5b1a1';
    const request = { project: 'test', job: smallJob(dataset), requestId };
    const job = await grpc<FineTuneJob>('createFineTuneJob', request);
    expect(job).toMatchObject({ state: 'VALIDATING', spec: { search: { seed: 7, biotune: { mode: 'PAPER_FAST' } } } });
    expect((await grpc<FineTuneJob>('createFineTuneJob', request)).id).toBe(job.id);
    const listed = await grpc<{ fineTuneJobs: FineTuneJob[] }>('listFineTuneJobs', { project: 'test', pageSize: 1 });
    expect(listed.fineTuneJobs.map(({ id }) => id)).toEqual([job.id]);
    await grpc('cancelFineTuneJob', { project: 'test', job: job.id });
    await waitForJob(service, job.id, ({ done }) => done);
    expect(await grpc<FineTuneJob>('getFineTuneJob', { project: 'test', job: job.id })).toMatchObject({
      state: 'CANCELLED',
      done: true,
    });
  });
});

describe('bad input gets a clear error', () => {
  let dataset: string;

  beforeAll(async () => {
    dataset = await uploadFashion(CLASSES, 6);
  });

  const elite = (populationSize: number, eliteCount: number) => ({
    search: { biotune: { populationSize, eliteCount } },
  });

  it.each([
    ['an unknown base model', () => ({ baseModel: 'baseModels/none' }), 404, 'BASE_MODEL_NOT_FOUND', status.NOT_FOUND],
    [
      'a bucket that does not exist',
      () => ({ dataset: 's3://no-such-bucket/x' }),
      422,
      'DATASET_UNREACHABLE',
      status.FAILED_PRECONDITION,
    ],
    [
      'a prefix that does not exist',
      () => ({ dataset: `${dataset}-none` }),
      422,
      'DATASET_EMPTY',
      status.FAILED_PRECONDITION,
    ],
    [
      'a prefix with one class',
      () => ({ dataset: `${dataset}/bag` }),
      422,
      'NEEDS_TWO_CLASSES',
      status.FAILED_PRECONDITION,
    ],
    [
      'as many elites as individuals',
      () => elite(3, 3),
      400,
      'ELITE_NOT_LESS_THAN_POPULATION',
      status.INVALID_ARGUMENT,
    ],
    [
      'an input smaller than the network takes',
      () => ({ data: { imageSizePx: 8 } }),
      400,
      'INPUT_TOO_SMALL',
      status.INVALID_ARGUMENT,
    ],
  ])('%s, with one reason over REST and gRPC', async (_, change, http, reason, code) => {
    const request = { ...smallJob(dataset), ...change() };
    const rest = await call<{ reason: string; detail: string }>(service, 'POST', '/fineTuneJobs', request);
    expect(rest).toMatchObject({ body: { reason, status: http } });
    expect(rest.headers.get('content-type')).toContain('application/problem+json');
    const grpc = callGrpc(service.grpcAddress, 'FineTuneJobs', 'createFineTuneJob', { project: 'test', job: request });
    await expect(grpc).rejects.toMatchObject({ code, details: rest.body.detail });
  });

  it("the service's own bucket as a source of images", async () => {
    const request = { ...smallJob(dataset), dataset: `s3://${service.bucket}/blobs` };
    const refused = await call<{ reason: string }>(service, 'POST', '/fineTuneJobs', request);
    expect(refused).toMatchObject({ status: 422, body: { reason: 'DATASET_UNREACHABLE' } });
  });

  it('NaN over gRPC', async () => {
    const job = { ...smallJob(dataset), training: { baseLearningRate: NaN } };
    const grpc = callGrpc(service.grpcAddress, 'FineTuneJobs', 'createFineTuneJob', { project: 'test', job });
    await expect(grpc).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('a corrupt image, which fails the job and is named by its key', async () => {
    const broken = await uploadFashion(CLASSES, 6, { 'bag/broken.png': Buffer.from('\x89PNG\r\n\x1a\nno more') });
    const { id } = await createJob(service, smallJob(broken));
    const job = await waitForJob(service, id, ({ done }) => done);
    expect(job).toMatchObject({ state: 'FAILED', stopReason: 'ERROR', error: { reason: 'IMAGE_UNREADABLE' } });
    expect(job.error?.message).toContain('fashion/bag/broken.png');
  });

  it('an idempotency key that was used for another request', async () => {
    const headers = { 'idempotency-key': 'nightly-1' };
    const first = await call<FineTuneJob>(service, 'POST', '/fineTuneJobs', smallJob(dataset), headers);
    const again = await call<FineTuneJob>(service, 'POST', '/fineTuneJobs', smallJob(dataset), headers);
    expect(again.body.id).toBe(first.body.id);
    const other = { ...smallJob(dataset), displayName: 'another' };
    const refused = await call<{ reason: string }>(service, 'POST', '/fineTuneJobs', other, headers);
    expect(refused).toMatchObject({ status: 422, body: { reason: 'IDEMPOTENCY_MISMATCH' } });
    await call(service, 'POST', `/fineTuneJobs/${first.body.id}/cancel`);
  });

  it('two requests with one idempotency key at once make one job', async () => {
    const headers = { 'idempotency-key': 'race-1' };
    const requests = Array.from({ length: 8 }, () =>
      call<FineTuneJob>(service, 'POST', '/fineTuneJobs', smallJob(dataset), headers),
    );
    const ids = new Set((await Promise.all(requests)).map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    await call(service, 'POST', `/fineTuneJobs/${[...ids][0]}/cancel`);
  });
});

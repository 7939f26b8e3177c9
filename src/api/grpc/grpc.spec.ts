import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../domain/errors.js';
import { detailsOf, GrpcCaller } from '../../../test/support/grpc-caller.js';
import { REQUEST_BYTES_MAX } from '../http-server.js';
import { type StubbedApi, startStubbedApi } from '../../../test/support/stubbed-api.js';
import { DATASET_ID, JOB_ID, TRIAL_ID, twoFields } from '../../../test/support/samples.js';

const JOBS = 'biotune.v1.FineTuneJobs';
const CATALOG = 'biotune.v1.Catalog';

let api: StubbedApi;
let grpc: GrpcCaller;
beforeAll(async () => {
  api = await startStubbedApi();
  grpc = new GrpcCaller(api.grpcAddress, 'biotune/v1/fine_tune_job.proto');
});
afterAll(async () => {
  grpc.client.close();
  await api.close();
});
beforeEach(() => {
  vi.clearAllMocks();
});

const inJob = { project: 'vision', job: JOB_ID };
const create = (job: object, headers?: Record<string, string>) =>
  grpc.refusal(JOBS, 'CreateFineTuneJob', { project: 'vision', job: { ...twoFields, ...job } }, headers);

describe('a request that is too large', () => {
  const ofSize = (bytes: number) => ({ ...inJob, pageToken: 'x'.repeat(bytes) });

  it('is refused with RESOURCE_EXHAUSTED, and reaches no service', async () => {
    const error = await grpc.refusal(JOBS, 'ListTrials', ofSize(REQUEST_BYTES_MAX));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toContain(String(REQUEST_BYTES_MAX));
    expect(api.stubs.trials.list).not.toHaveBeenCalled();
  });

  it('is one of more than REST takes', async () => {
    const error = await grpc.refusal(JOBS, 'ListTrials', ofSize(REQUEST_BYTES_MAX - 100));
    expect(error.code, 'the token itself is too long').toBe(status.INVALID_ARGUMENT);
  });
});

describe('calls', () => {
  it('creates a job from two fields, with every default filled in', async () => {
    const answer = await grpc.call(JOBS, 'CreateFineTuneJob', { project: 'vision', job: twoFields, requestId: 'r-1' });
    expect(answer).toMatchObject({ id: JOB_ID, spec: { search: { seed: 2 ** 53 - 1 } }, progress: { generation: 0 } });
    expect(answer).not.toHaveProperty('result');
    const [project, request, key] = api.stubs.jobs.create.mock.calls[0] ?? [];
    expect([project, key]).toEqual(['vision', 'r-1']);
    expect(request).toMatchObject({
      baselines: ['FULL_FINE_TUNE', 'LINEAR_PROBE'],
      labels: {},
      data: { searchFraction: 1, augmentation: 'NONE' },
    });
    expect(request?.displayName).toBeUndefined();
  });

  it('takes zeros, enums and maps that were sent', async () => {
    const search = { seed: 0, biotune: { generationCount: 0 } };
    const evaluation = { fitness: 'ACCURACY' };
    const data = { augmentation: 'STANDARD' };
    const job = { ...twoFields, search, evaluation, data, labels: { team: 'a' }, baselines: ['LINEAR_PROBE'] };
    await grpc.call(JOBS, 'CreateFineTuneJob', { project: 'vision', job });
    expect(api.stubs.jobs.create.mock.calls[0]?.[1]).toMatchObject({
      search,
      evaluation,
      data,
      labels: { team: 'a' },
      baselines: ['LINEAR_PROBE'],
    });
  });

  it('takes constraints and genomes whose figures are zero, and lists that have a default', async () => {
    const search = {
      blockConstraints: [{ blockId: 'stem', policy: 'FREEZE' }],
      initialGenomes: [{ genes: [0, 1], threshold: 0 }],
    };
    const job = { ...twoFields, search, methods: { suffixGrid: {}, lora: { rank: 2 } } };
    await grpc.call(JOBS, 'CreateFineTuneJob', { project: 'vision', job });
    expect(api.stubs.jobs.create.mock.calls[0]?.[1]).toMatchObject({
      search,
      methods: { suffixGrid: { rates: [3e-3, 1e-3, 3e-4] }, lora: { rank: 2, alpha: 16 } },
    });
  });

  it.each<[string, string, object, object]>([
    [JOBS, 'EstimateFineTuneJob', { project: 'vision', job: twoFields }, { methods: [{ trialCount: 140 }] }],
    [JOBS, 'GetFineTuneJob', inJob, { id: JOB_ID }],
    [JOBS, 'CancelFineTuneJob', inJob, { id: JOB_ID }],
    [JOBS, 'PauseFineTuneJob', inJob, { conditions: [{ type: 'Degraded', status: 'True' }] }],
    [JOBS, 'ResumeFineTuneJob', inJob, { id: JOB_ID }],
    [
      JOBS,
      'ListFineTuneJobs',
      { project: 'vision', pageSize: 7 },
      { fineTuneJobs: [{ id: JOB_ID }], nextPageToken: 'next' },
    ],
    [
      JOBS,
      'ListTrials',
      inJob,
      { trials: [{ id: TRIAL_ID, fold: 0, settings: { alpha: 0.01, normTuning: { blocks: [0] } } }] },
    ],
    [JOBS, 'ListMetricPoints', { ...inJob, trial: TRIAL_ID }, { metricPoints: [{ epoch: 0, value: 0.5 }] }],
    [JOBS, 'ListEvents', inJob, { events: [{ type: 'JOB_CREATED' }] }],
    [CATALOG, 'ListBaseModels', {}, { baseModels: [{ blocks: [{ id: 'stem' }] }] }],
    [CATALOG, 'GetBaseModel', { baseModel: 'baseModels/efficientnet-lite0' }, { id: 'efficientnet-lite0' }],
    [CATALOG, 'CreateDataset', { project: 'vision', dataset: { sourceUri: 's3://photos/x' } }, { id: DATASET_ID }],
    [CATALOG, 'GetDataset', { project: 'vision', dataset: DATASET_ID }, { latestVersion: { state: 'IMPORTING' } }],
    [CATALOG, 'GetModelVersion', { project: 'vision', model: 'flowers', number: 1 }, { method: 'BIOTUNE' }],
    [CATALOG, 'ListDownloads', { project: 'vision', model: 'flowers', number: 1 }, { downloads: [{ sizeBytes: 10 }] }],
  ])('%s answers %s', async (service, method, request, expected) => {
    expect(await grpc.call(service, method, request)).toMatchObject(expected);
  });
});

describe('refusals', () => {
  it.each<[string, object, string]>([
    ['NaN', { training: { baseLearningRate: Number.NaN } }, 'job.training.base_learning_rate'],
    ['Infinity', { training: { baseLearningRate: Number.POSITIVE_INFINITY } }, 'job.training.base_learning_rate'],
    ['an enum number without a name', { evaluation: { fitness: 99 } }, 'job.evaluation.fitness'],
    ['an unspecified enum', { evaluation: { fitness: 0 } }, 'job.evaluation.fitness'],
    ['a baseline without a name', { baselines: [99] }, 'job.baselines[0]'],
    ['2^53 + 1', { search: { seed: '9007199254740993' } }, 'job.search.seed'],
    ['a negative count', { search: { biotune: { generationCount: -1 } } }, 'job.search.biotune.generation_count'],
    ['NUL in a label', { labels: { a: 'x\0y' } }, 'job.labels.a'],
    ['an empty base model', { baseModel: '' }, 'job.base_model'],
  ])('refuses %s with the reason that REST gives', async (_what, job, field) => {
    const error = await create(job);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(detailsOf(error)).toMatchObject({
      ErrorInfo: { reason: 'FIELD_INVALID', domain: 'biotune.example' },
      BadRequest: { fieldViolations: expect.arrayContaining([expect.objectContaining({ field })]) },
    });
    expect(api.stubs.jobs.create).not.toHaveBeenCalled();
  });

  it('names a few of 150 violations, so that the trailers stay small', async () => {
    const labels = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`label-${i}`, 'x'.repeat(600)]));
    const error = await create({ labels });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    const { BadRequest } = detailsOf(error);
    expect(BadRequest).toHaveProperty('fieldViolations.length', 10);
  });

  it('refuses a message without its job, and a label that reaches prototypes', async () => {
    expect((await grpc.refusal(JOBS, 'CreateFineTuneJob', { project: 'vision' })).code).toBe(status.INVALID_ARGUMENT);
    const { requestSerialize } = grpc.method(JOBS, 'CreateFineTuneJob');
    const bytes = requestSerialize({ project: 'vision', job: { ...twoFields, labels: { ['--proto--']: 'x' } } });
    const polluting = Buffer.from(bytes.toString('latin1').replace('--proto--', '__proto__'), 'latin1');
    const error = await grpc.refusal(JOBS, 'CreateFineTuneJob', polluting);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toContain('__proto__');
  });

  it('answers a rule of the search in details that other clients can read', async () => {
    const error = await create({ search: { biotune: { eliteCount: 10 } } }, { 'x-request-id': 'req-1' });
    expect(error.details).toBe('eliteCount is 10; it must be less than populationSize, which is 8.');
    expect(detailsOf(error)).toMatchObject({
      ErrorInfo: { reason: 'ELITE_NOT_LESS_THAN_POPULATION', metadata: { eliteCount: '10' } },
      BadRequest: { fieldViolations: [{ field: 'job.search.biotune.elite_count', reason: 'OUT_OF_RANGE' }] },
      RequestInfo: { requestId: 'req-1' },
    });
  });

  it('maps what services throw, and reveals nothing of a bug', async () => {
    api.stubs.jobs.get.mockRejectedValueOnce(new DomainError('JOB_NOT_FOUND', 'There is no such job.'));
    expect(await grpc.refusal(JOBS, 'GetFineTuneJob', inJob)).toMatchObject({
      code: status.NOT_FOUND,
      details: 'There is no such job.',
    });
    api.stubs.jobs.get.mockRejectedValueOnce(new Error('column "secret" does not exist'));
    const bug = await grpc.refusal(JOBS, 'GetFineTuneJob', inJob);
    expect(bug.code).toBe(status.INTERNAL);
    expect(bug.details).not.toContain('secret');
    expect(detailsOf(bug)).toMatchObject({
      ErrorInfo: { reason: 'INTERNAL' },
      RequestInfo: { requestId: expect.stringMatching(/^req_/) },
    });
    api.stubs.jobs.get.mockRejectedValueOnce(new DomainError('DATABASE_UNAVAILABLE', 'away'));
    expect((await grpc.refusal(JOBS, 'GetFineTuneJob', inJob)).code).toBe(status.UNAVAILABLE);
  });

  it('refuses a message of more than 4 MiB and ids of another kind', async () => {
    expect((await create({ displayName: 'x'.repeat(5_000_000) })).code).toBe(status.RESOURCE_EXHAUSTED);
    const error = await grpc.refusal(JOBS, 'GetFineTuneJob', { project: 'vision', job: '../etc' });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
  });
});

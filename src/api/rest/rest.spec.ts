import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpCaller } from '../../../test/support/http-caller.js';
import { type StubbedApi, startStubbedApi } from '../../../test/support/stubbed-api.js';
import { DATASET_ID, JOB_ID, TRIAL_ID, twoFields } from '../../../test/support/samples.js';

let api: StubbedApi;
beforeAll(async () => {
  api = await startStubbedApi();
});
afterAll(() => api.close());
beforeEach(() => {
  vi.clearAllMocks();
});

const JOBS = '/v1/projects/vision/fineTuneJobs';

const { get, post } = httpCaller(() => api.httpUrl);

describe('fine-tune jobs', () => {
  it('creates a job from two fields, with every default filled in', async () => {
    const response = await post(JOBS, twoFields, { 'idempotency-key': '"8e03978e"' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`${JOBS}/${JOB_ID}`);
    expect(await response.json()).toMatchObject({
      id: JOB_ID,
      state: 'RUNNING',
      spec: { search: { seed: 2 ** 53 - 1 } },
    });
    const [project, request, key] = api.stubs.jobs.create.mock.calls[0] ?? [];
    expect([project, key]).toEqual(['vision', '8e03978e']);
    expect(request).toMatchObject({
      baseModel: 'baseModels/efficientnet-lite0',
      labels: {},
      search: { biotune: { mode: 'ACCELERATED', eliteCount: 5 } },
    });
  });

  it('takes an idempotency key without quotes, and refuses one of 129 characters', async () => {
    expect((await post(JOBS, twoFields, { 'idempotency-key': 'bare' })).status).toBe(201);
    const response = await post(JOBS, twoFields, { 'idempotency-key': 'k'.repeat(129) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ reason: 'FIELD_INVALID', errors: [{ pointer: '/idempotency-key' }] });
  });

  it('lists a page with the token of the next', async () => {
    const response = await get(`${JOBS}?pageSize=7&pageToken=abc`);
    expect(await response.json()).toMatchObject({ fineTuneJobs: [{ id: JOB_ID }], nextPageToken: 'next' });
    expect(api.stubs.jobs.list).toHaveBeenCalledWith('vision', { pageSize: 7, pageToken: 'abc' });
  });

  it('estimates what a request would take, without starting it', async () => {
    const response = await post(`${JOBS}/estimate`, twoFields);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ methods: [{ method: 'BIOTUNE' }], resolution: { seedCount: 3 } });
    expect(api.stubs.jobs.create).not.toHaveBeenCalled();
    expect((await post(`${JOBS}/estimate`, { baseModel: 'a' })).status).toBe(400);
  });

  it.each(['cancel', 'pause', 'resume'])(
    'takes %s with no body, with an empty one, and not with an unknown setting',
    async (command) => {
      expect((await post(`${JOBS}/${JOB_ID}/${command}`)).status).toBe(200);
      expect((await post(`${JOBS}/${JOB_ID}/${command}`, {})).status).toBe(200);
      expect((await post(`${JOBS}/${JOB_ID}/${command}`, { mode: 'DISCARD' })).status).toBe(400);
    },
  );

  it.each([
    ['the job', `${JOBS}/${JOB_ID}`, { id: JOB_ID }],
    ['its events', `${JOBS}/${JOB_ID}/events`, { events: [{ seq: 1 }] }],
    ['its trials', `${JOBS}/${JOB_ID}/trials`, { trials: [{ id: TRIAL_ID }] }],
    [
      'a trial',
      `${JOBS}/${JOB_ID}/trials/${TRIAL_ID}`,
      { id: TRIAL_ID, settings: { alpha: 0.01, normTuning: { blocks: [0] } } },
    ],
    ['its metrics', `${JOBS}/${JOB_ID}/trials/${TRIAL_ID}/metrics`, { metricPoints: [{ epoch: 0 }] }],
    ['base models', '/v1/projects/vision/baseModels', { baseModels: [{ id: 'efficientnet-lite0' }] }],
    ['a base model', '/v1/projects/vision/baseModels/efficientnet-lite0', { id: 'efficientnet-lite0' }],
    ['its blocks', '/v1/projects/vision/baseModels/efficientnet-lite0/blocks', { blocks: [{ id: 'stem' }] }],
    ['a dataset', `/v1/projects/vision/datasets/${DATASET_ID}`, { id: DATASET_ID }],
    ['a model version', '/v1/projects/vision/models/flowers/versions/1', { number: 1 }],
    ['its downloads', '/v1/projects/vision/models/flowers/versions/1/downloads', { downloads: [{ sizeBytes: 10 }] }],
  ])('answers %s', async (_what, path, expected) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject(expected);
  });

  it('creates a dataset', async () => {
    const response = await post('/v1/projects/vision/datasets', { sourceUri: 's3://photos/flowers' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v1/projects/vision/datasets/${DATASET_ID}`);
  });
});

describe('headers', () => {
  it('repeats a safe request id and replaces another', async () => {
    const id = async (given: string) =>
      (await get('/healthz/live', { 'x-request-id': given })).headers.get('x-request-id');
    expect(await id('trace-1.2:3')).toBe('trace-1.2:3');
    expect(await id('<script>')).toMatch(/^req_/);
    expect(await id('x'.repeat(129))).toMatch(/^req_/);
  });

  it('does not name the framework, and sends the headers of helmet', async () => {
    const { headers } = await get('/healthz/live');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('health', () => {
  it('is ready while both stores answer, and says which does not', async () => {
    expect((await get('/healthz/ready')).status).toBe(200);
    api.stubs.health.check.mockResolvedValueOnce({ database: true, objectStore: false });
    const response = await get('/healthz/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ ready: false, database: true, objectStore: false, shuttingDown: false });
  });
});

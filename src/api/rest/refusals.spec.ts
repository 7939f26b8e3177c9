import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../domain/errors.js';
import { httpCaller, readProblem } from '../../../test/support/http-caller.js';
import { type StubbedApi, startStubbedApi } from '../../../test/support/stubbed-api.js';
import { DATASET_ID, JOB_ID, twoFields } from '../../../test/support/samples.js';

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

describe('refusals', () => {
  const withSearch = (biotune: object) => ({ ...twoFields, search: { biotune } });

  it.each<[string, unknown, string, string]>([
    ['an unknown field', { ...twoFields, epochs: 3 }, '/epochs', 'UNKNOWN_FIELD'],
    ['a missing field', { dataset: 's3://photos/flowers' }, '/baseModel', 'REQUIRED'],
    [
      'an enum that does not exist',
      { ...twoFields, evaluation: { fitness: 'PRECISION' } },
      '/evaluation/fitness',
      'NOT_ALLOWED',
    ],
    ['a fraction of a count', { ...twoFields, evaluation: { seedCount: 1.5 } }, '/evaluation/seedCount', 'WRONG_TYPE'],
    ['a negative count', withSearch({ generationCount: -1 }), '/search/biotune/generationCount', 'OUT_OF_RANGE'],
    ['1e21', withSearch({ generationCount: 1e21 }), '/search/biotune/generationCount', 'OUT_OF_RANGE'],
    [
      '1e999',
      '{"baseModel":"a","dataset":"s3://photos/x","training":{"baseLearningRate":1e999}}',
      '/training/baseLearningRate',
      'WRONG_TYPE',
    ],
    [
      'a constant that is not offered',
      { ...twoFields, data: { searchFraction: 0.3 } },
      '/data/searchFraction',
      'NOT_ALLOWED',
    ],
    [
      'an augmentation that is not offered',
      { ...twoFields, data: { augmentation: 'HEAVY' } },
      '/data/augmentation',
      'NOT_ALLOWED',
    ],
    [
      'a __proto__ key',
      '{"baseModel":"a","dataset":"s3://photos/x","__proto__":{"done":true}}',
      '/__proto__',
      'UNKNOWN_FIELD',
    ],
    [
      'a __proto__ label',
      '{"baseModel":"a","dataset":"s3://photos/x","labels":{"__proto__":"x"}}',
      '/labels/__proto__',
      'UNKNOWN_FIELD',
    ],
    ['NUL in a label', { ...twoFields, labels: { a: 'x\0y' } }, '/labels/a', 'BAD_FORMAT'],
    [
      'half a surrogate pair',
      '{"baseModel":"a","dataset":"s3://photos/x","displayName":"\\ud800"}',
      '/displayName',
      'BAD_FORMAT',
    ],
    ['a pointer with ~ and /', { ...twoFields, 'a~/b': 1 }, '/a~0~1b', 'UNKNOWN_FIELD'],
    ['an array', [], '', 'WRONG_TYPE'],
    ['a depth bomb', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '', 'OUT_OF_RANGE'],
    [
      'a mode that contradicts its frozen BatchNorm',
      { ...twoFields, training: { frozenBatchNorm: 'TRAIN' } },
      '/training/frozenBatchNorm',
      'RULE_BROKEN',
    ],
    [
      'bounds of a multiplier that are the wrong way round',
      { ...twoFields, search: { blockConstraints: [{ blockId: 'a', lrMultiplierMin: 3, lrMultiplierMax: 2 }] } },
      '/search/blockConstraints/0/lrMultiplierMin',
      'OUT_OF_RANGE',
    ],
    [
      'a probed head in a mode of the paper',
      { ...twoFields, search: { biotune: { mode: 'PAPER' } }, training: { headInit: 'PROBE' } },
      '/training/headInit',
      'RULE_BROKEN',
    ],
    [
      'priors in a mode of the paper',
      { ...twoFields, search: { priors: 'PROJECT', biotune: { mode: 'PAPER' } } },
      '/search/priors',
      'RULE_BROKEN',
    ],
    [
      'priors without a search',
      { ...twoFields, search: { type: 'NONE', priors: 'PROJECT' } },
      '/search/priors',
      'RULE_BROKEN',
    ],
    [
      'priors that find no place',
      {
        ...twoFields,
        search: {
          priors: 'PROJECT',
          biotune: { mode: 'ACCELERATED', populationSize: 2, eliteCount: 1 },
          initialGenomes: [
            { genes: [0, 1], threshold: 0 },
            { genes: [1, 0], threshold: 0 },
          ],
        },
      },
      '/search/priors',
      'RULE_BROKEN',
    ],
    [
      'a target that no loss can be compared with',
      { ...twoFields, evaluation: { fitness: 'LOSS' }, budget: { targetMetricValue: 0.9 } },
      '/budget/targetMetricValue',
      'OUT_OF_RANGE',
    ],
    [
      'an expected gain in a mode that expects none',
      { ...twoFields, search: { biotune: { mode: 'PAPER' } }, budget: { expectedGainMin: 0.002 } },
      '/budget/expectedGainMin',
      'OUT_OF_RANGE',
    ],
    [
      'an expected gain of 1',
      { ...twoFields, search: { biotune: { mode: 'ACCELERATED' } }, budget: { expectedGainMin: 1 } },
      '/budget/expectedGainMin',
      'OUT_OF_RANGE',
    ],
    [
      'an expected gain without a search',
      { ...twoFields, search: { type: 'NONE', biotune: { mode: 'ACCELERATED' } }, budget: { expectedGainMin: 0.002 } },
      '/budget/expectedGainMin',
      'OUT_OF_RANGE',
    ],
    ['nothing to train', { ...twoFields, search: { type: 'NONE' }, baselines: [] }, '/baselines', 'RULE_BROKEN'],
    ['a list of the wrong kind', { ...twoFields, baselines: ['DROPOUT'] }, '/baselines/0', 'NOT_ALLOWED'],
  ])('refuses %s', async (_what, body, pointer, reason) => {
    const response = await post(JOBS, body);
    expect(response.status).toBe(400);
    const problem = await readProblem(response);
    expect(problem).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'FIELD_INVALID', retryable: false });
    expect(problem.errors).toContainEqual(expect.objectContaining({ pointer, reason }));
    expect(api.stubs.jobs.create).not.toHaveBeenCalled();
  });

  it('answers a rule of the search as the API page shows it', async () => {
    const response = await post(JOBS, withSearch({ eliteCount: 10, populationSize: 10 }), { 'x-request-id': 'req-1' });
    expect(await readProblem(response)).toEqual({
      type: 'https://errors.biotune.example/elite-not-less-than-population',
      title: 'Elite count too large',
      status: 400,
      detail: 'eliteCount is 10; it must be less than populationSize, which is 10.',
      instance: JOBS,
      code: 'INVALID_ARGUMENT',
      reason: 'ELITE_NOT_LESS_THAN_POPULATION',
      domain: 'biotune.example',
      metadata: expect.objectContaining({ eliteCount: '10' }),
      errors: [expect.objectContaining({ pointer: '/search/biotune/eliteCount', reason: 'OUT_OF_RANGE' })],
      requestId: 'req-1',
      retryable: false,
      help: 'Ask for fewer elites than the population has members.',
    });
  });

  it('names the bad value and its bound, in words and in metadata', async () => {
    const problem = await readProblem(await post(JOBS, withSearch({ populationSize: 201 })));
    expect(problem.detail).toBe('search.biotune.populationSize must be at most 200, but is 201.');
    expect(problem.metadata).toEqual({ populationSize: '201', maximum: '200' });
  });

  it.each([
    ['truncated JSON', '{"baseModel":"secret', 'application/json', 400, 'REQUEST_MALFORMED'],
    ['null', 'null', 'application/json', 400, 'REQUEST_MALFORMED'],
    ['NaN', '{"baseModel":NaN}', 'application/json', 400, 'REQUEST_MALFORMED'],
    ['text', 'hello', 'text/plain', 415, 'REQUEST_MALFORMED'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'REQUEST_MALFORMED'],
    ['a charset that JSON has not', '{}', 'application/json; charset=latin1', 415, 'REQUEST_MALFORMED'],
    ['200 KB', `{"baseModel":"${'x'.repeat(200_000)}"}`, 'application/json', 413, 'REQUEST_TOO_LARGE'],
  ])('refuses %s without a word of the parser', async (_what, body, type, status, reason) => {
    const response = await post(JOBS, body, { 'content-type': type });
    expect(response.status).toBe(status);
    const problem = await readProblem(response);
    expect(problem).toMatchObject({ status, reason, instance: JOBS });
    expect(JSON.stringify(problem)).not.toMatch(/secret|Unexpected|position|at .*\.js/);
  });

  it('refuses a small gzip of a large body, and a broken one', async () => {
    const send = (body: Uint8Array<ArrayBuffer>) =>
      fetch(`${api.httpUrl}${JOBS}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      });
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    expect((await send(new Uint8Array(bomb))).status).toBe(413);
    expect((await send(new TextEncoder().encode('not gzip'))).status).toBe(400);
  });

  it.each([
    ['a project in capitals', '/v1/projects/Vision/fineTuneJobs', '/project'],
    ['a path that climbs', `${JOBS}/..%2f..%2fetc`, '/job'],
    ['a NUL in the path', `${JOBS}/%00`, '/job'],
    ['an id of another kind', `${JOBS}/${DATASET_ID}`, '/job'],
    ['a page size of -1', `${JOBS}?pageSize=-1`, '/pageSize'],
    ['a page size of 10^9', `${JOBS}?pageSize=1000000000`, '/pageSize'],
    ['a page size given twice', `${JOBS}?pageSize=1&pageSize=2`, '/pageSize'],
    ['a sort order', `${JOBS}?orderBy=creator`, '/orderBy'],
    ['a version beyond 32 bits', '/v1/projects/vision/models/flowers/versions/2147483648', '/number'],
    ['a version that is no number', '/v1/projects/vision/models/flowers/versions/one', '/number'],
  ])('refuses %s', async (_what, path, pointer) => {
    const response = await get(path);
    expect(response.status).toBe(400);
    expect(await readProblem(response)).toMatchObject({ reason: 'FIELD_INVALID', errors: [{ pointer }] });
  });

  it('answers a broken percent-encoding and unknown routes as problems', async () => {
    expect(await readProblem(await get(`${JOBS}/%FF`))).toMatchObject({ status: 400, reason: 'REQUEST_MALFORMED' });
    expect(await readProblem(await get('/v2/x'))).toMatchObject({ status: 404, reason: 'ROUTE_NOT_FOUND' });
    const closed = await fetch(`${api.httpUrl}${JOBS}`, { method: 'OPTIONS' });
    expect([closed.status, closed.headers.get('allow')]).toEqual([404, null]);
  });

  it('answers what a service refuses with its reason', async () => {
    api.stubs.jobs.get.mockRejectedValueOnce(
      new DomainError('JOB_NOT_FOUND', 'There is no such job.', { job: JOB_ID }),
    );
    const response = await get(`${JOBS}/${JOB_ID}`);
    expect(response.status).toBe(404);
    expect(await readProblem(response)).toMatchObject({
      code: 'NOT_FOUND',
      reason: 'JOB_NOT_FOUND',
      metadata: { job: JOB_ID },
      errors: [],
    });
  });

  it('reveals nothing of a bug but the request id', async () => {
    api.stubs.jobs.get.mockRejectedValueOnce(new Error('column "secret" does not exist'));
    const response = await get(`${JOBS}/${JOB_ID}`);
    expect(response.status).toBe(500);
    const problem = await readProblem(response);
    expect(problem).toMatchObject({
      reason: 'INTERNAL',
      retryable: false,
      requestId: response.headers.get('x-request-id'),
    });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('answers a lost database as unavailable', async () => {
    api.stubs.jobs.get.mockRejectedValueOnce(new DomainError('DATABASE_UNAVAILABLE', 'away'));
    const problem = await readProblem(await get(`${JOBS}/${JOB_ID}`));
    expect(problem).toMatchObject({ status: 503, reason: 'DATABASE_UNAVAILABLE', retryable: true });
  });
});

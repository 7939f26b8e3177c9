import { RUNTIME } from '../../../test/fixtures/runtime.js';
import { Metadata, status } from '@grpc/grpc-js';
import { Module } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../domain/errors.js';
import type { ScoreResult, SoupResult, TrainResult } from '../../domain/task.js';
import { HealthService } from '../../storage/health.service.js';
import { createLogger } from '../../observability/logger.js';
import { WorkerTaskService } from '../../tasks/worker-task.service.js';
import { WorkerTokens } from '../../tasks/worker-token.js';
import { type RunningServer, startWorkerGateway } from '../start.js';
import { detailsOf, GrpcCaller } from '../../../test/support/grpc-caller.js';
import { JOB_ID, TASK_ID } from '../../../test/support/samples.js';

const SECRET = 's'.repeat(32);
const WORKER = 'biotune.v1.WorkerService';
const SHA256 = 'ab'.repeat(32);
const LIFE_SECONDS = 3600;
const tokens = new WorkerTokens(SECRET, LIFE_SECONDS);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const token = bearer(tokens.mint(JOB_ID));
/** A token that was made so long ago. */
const madeAgo = (seconds: number) =>
  new WorkerTokens(SECRET, LIFE_SECONDS, () => Date.now() - seconds * 1000).mint(JOB_ID);
const lease = { task: TASK_ID, fence: 7 };
const leaseRef = { scope: JOB_ID, taskId: TASK_ID, fence: 7 };

const fenced = () => Promise.resolve({ leaseLost: false });
const tasks = {
  lease: vi.fn<WorkerTaskService['lease']>(() => Promise.resolve({ done: true, leaseSeconds: 30 })),
  heartbeat: vi.fn<WorkerTaskService['heartbeat']>(() => Promise.resolve({ leaseLost: true, cancel: false })),
  listSourceObjects: vi.fn<WorkerTaskService['listSourceObjects']>(() =>
    Promise.resolve({ leaseLost: false, objects: [] }),
  ),
  transferUrls: vi.fn<WorkerTaskService['transferUrls']>(() =>
    Promise.resolve({ leaseLost: false, downloadUrls: [''], uploadUrls: [], sourceUrls: [] }),
  ),
  confirmUpload: vi.fn<WorkerTaskService['confirmUpload']>(fenced),
  reportMetrics: vi.fn<WorkerTaskService['reportMetrics']>(fenced),
  complete: vi.fn<WorkerTaskService['complete']>(fenced),
  release: vi.fn<WorkerTaskService['release']>(fenced),
};

const providers = [
  { provide: WorkerTaskService, useValue: tasks },
  { provide: WorkerTokens, useValue: tokens },
  { provide: HealthService, useValue: { check: () => Promise.resolve({ database: true, objectStore: true }) } },
];
@Module({ providers, exports: providers })
class StubModule {}

let server: RunningServer;
let grpc: GrpcCaller;
beforeAll(async () => {
  const config = {
    LISTEN_HOST: '127.0.0.1',
    COORDINATOR_HTTP_PORT: 0,
    WORKER_GRPC_HOST: '127.0.0.1',
    WORKER_GRPC_PORT: 0,
  };
  server = await startWorkerGateway(config, createLogger('coordinator', 'silent'), [StubModule]);
  grpc = new GrpcCaller(server.grpcAddress, 'biotune/v1/worker.proto');
});
afterAll(async () => {
  grpc.client.close();
  await server.close();
});
beforeEach(() => {
  vi.clearAllMocks();
});

const call = (method: string, request: object) => grpc.call(WORKER, method, request, token);

/** What a training gives whose every figure is zero: proto3 sends none of them. */
const trainResult: TrainResult = {
  bestEpoch: 1,
  stageBestEpochs: [1],
  epochCount: 1,
  validationLoss: 0,
  validationAccuracy: 0,
  validationMacroAccuracy: 0,
  validationMacroF1: 0,
  validationCalibrationError: 0,
  trainedParameterCount: 0,
  totalParameterCount: 10,
  trainSeconds: 0,
  multiplyAccumulates: 0,
  runtime: RUNTIME,
};

/** What a training on all images gives: no figures of validation images. */
const retrainedResult: TrainResult = {
  bestEpoch: 5,
  stageBestEpochs: [2, 3],
  epochCount: 5,
  trainedParameterCount: 0,
  totalParameterCount: 10,
  trainSeconds: 0,
  multiplyAccumulates: 0,
  runtime: RUNTIME,
};

/** The result of scoring a model that finds nothing. */
const scoreResult: ScoreResult = {
  loss: 0,
  accuracy: 0,
  macroAccuracy: 0,
  macroF1: 0,
  calibrationError: 0,
  imageCount: 1,
  report: { sha256: 'a'.repeat(64), sizeBytes: 10 },
};

/** The result of a soup in which nobody has joined a model that finds nothing. */
const soupResult: SoupResult = {
  weights: { sha256: 'a'.repeat(64), sizeBytes: 10 },
  tries: [
    { memberIndex: 1, figureBefore: 0, figureAfter: -0.5, hasJoined: false },
    { memberIndex: 2, figureBefore: 0, hasJoined: false },
  ],
  validationLoss: 0,
  validationAccuracy: 0,
  validationMacroAccuracy: 0,
  validationMacroF1: 0,
  validationCalibrationError: 0,
  predictions: { sha256: 'b'.repeat(64), sizeBytes: 10 },
  soupSeconds: 0,
  multiplyAccumulates: 0,
  runtime: RUNTIME,
};

describe('calls', () => {
  it('leases within the scope of the token', async () => {
    expect(await call('LeaseTask', { workerId: 'w-1' })).toEqual({ done: true, leaseSeconds: 30 });
    expect(tasks.lease).toHaveBeenCalledWith(JOB_ID, 'w-1');
  });

  it('gives the task back of a caller that has gone before it got it', async () => {
    let answer: (leased: Awaited<ReturnType<WorkerTaskService['lease']>>) => void = () => undefined;
    tasks.lease.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const { path, requestSerialize, responseDeserialize } = grpc.method(WORKER, 'LeaseTask');
    const metadata = new Metadata();
    metadata.set('authorization', token.authorization);
    const codec = [path, requestSerialize, responseDeserialize] as const;
    await new Promise<void>((resolve) => {
      const call = grpc.client.makeUnaryRequest(...codec, { workerId: 'w-1' }, metadata, () => resolve());
      void vi.waitFor(() => expect(tasks.lease).toHaveBeenCalled()).then(() => call.cancel());
    });
    // When this is answered, the server has heard of the cancellation before it.
    await call('Heartbeat', lease);
    const split = { trainFraction: 0.6, validationFraction: 0.2, testFraction: 0.2, seed: 0 };
    answer({ task: { id: TASK_ID, fence: 7, spec: { import: { prefix: '', split } } }, done: false, leaseSeconds: 30 });
    await vi.waitFor(() => expect(tasks.release).toHaveBeenCalledWith(leaseRef));
  });

  it('leaves a young token as it is', async () => {
    expect(await call('Heartbeat', lease)).not.toHaveProperty('workerToken');
    expect(await call('LeaseTask', { workerId: 'w-1' })).not.toHaveProperty('workerToken');
  });

  it.each([
    ['Heartbeat', lease],
    ['LeaseTask', { workerId: 'w-1' }],
  ])('renews a token that is older than half of its life, by %s', async (method, request) => {
    const old = bearer(madeAgo(LIFE_SECONDS - 60));
    const { workerToken = '' } = (await grpc.call(WORKER, method, request, old)) as { workerToken?: string };
    expect(tokens.verify(workerToken)).toMatchObject({ scope: JOB_ID });
    expect(tokens.renew(tokens.verify(workerToken))).toBeUndefined();
  });

  it('takes a token a few seconds longer, for coordinators whose clocks differ', async () => {
    await grpc.call(WORKER, 'Heartbeat', lease, bearer(madeAgo(LIFE_SECONDS + 2)));
    expect(tasks.heartbeat).toHaveBeenCalledWith(leaseRef);
  });

  it('passes the fence of every call on', async () => {
    expect(await call('Heartbeat', lease)).toEqual({ leaseLost: true, cancel: false });
    await call('ListSourceObjects', { ...lease, pageToken: 'flowers/9.png' });
    await call('GetTransferUrls', { ...lease, downloads: [{ sha256: SHA256, sizeBytes: 0 }] });
    await call('ConfirmUpload', { ...lease, artifact: { sha256: SHA256, sizeBytes: 0 } });
    await call('ReportMetrics', { ...lease, values: [{ name: 'loss', epoch: 0, value: 0 }] });
    await call('ReleaseTask', { ...lease, reason: 'PREEMPTED' });
    expect(tasks.heartbeat).toHaveBeenCalledWith(leaseRef);
    expect(tasks.listSourceObjects).toHaveBeenCalledWith(leaseRef, 'flowers/9.png');
    expect(tasks.transferUrls.mock.calls[0]).toMatchObject([leaseRef, { downloads: [{ sizeBytes: 0 }], uploads: [] }]);
    expect(tasks.confirmUpload).toHaveBeenCalledWith(leaseRef, { sha256: SHA256, sizeBytes: 0 });
    expect(tasks.reportMetrics).toHaveBeenCalledWith(leaseRef, [{ name: 'loss', epoch: 0, value: 0 }]);
    expect(tasks.release).toHaveBeenCalledWith(leaseRef);
  });

  it.each([
    ['a training of zeros', { succeeded: { train: trainResult } }],
    ['a training that validated nothing', { succeeded: { train: retrainedResult } }],
    ['a score of zeros', { succeeded: { score: scoreResult } }],
    ['a soup of zeros', { succeeded: { soup: soupResult } }],
    ['an infeasible genome', { infeasible: { reason: 'NAN_LOSS', message: '', metadata: {} } }],
    ['a fault', { fault: { reason: 'TRAINER_CRASHED', message: 'signal 9', metadata: { signal: '9' } } }],
  ])('completes with %s', async (_what, outcome) => {
    expect(await call('CompleteTask', { ...lease, outcome })).toEqual({ leaseLost: false });
    expect(tasks.complete).toHaveBeenCalledWith(leaseRef, outcome);
  });
});

describe('refusals', () => {
  it('says DATA_LOSS for an upload that is not what it should be: the worker reads that as ARTIFACT_CORRUPT', async () => {
    tasks.confirmUpload.mockRejectedValueOnce(new DomainError('ARTIFACT_CORRUPT', 'other bytes'));
    const error = await grpc.refusal(
      WORKER,
      'ConfirmUpload',
      { ...lease, artifact: { sha256: SHA256, sizeBytes: 1 } },
      token,
    );
    expect(error).toMatchObject({ code: status.DATA_LOSS, details: 'other bytes' });
  });

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['a token of another key', bearer(new WorkerTokens('x'.repeat(32), LIFE_SECONDS).mint(JOB_ID))],
    ['a token whose scope was changed', bearer(tokens.mint(JOB_ID).replace(/^[^.]+/, 'ZnRqX290aGVy'))],
    ['a token whose end was changed', bearer(madeAgo(2 * LIFE_SECONDS).replace(/\.\d+\./, '.9999999999.'))],
    ['a token that has expired', bearer(madeAgo(LIFE_SECONDS + 60))],
    ['another scheme', { authorization: 'Basic abc' }],
  ])('refuses %s before it looks at the message', async (_what, headers) => {
    const error = await grpc.refusal(WORKER, 'Heartbeat', { task: 'nonsense' }, headers);
    expect(error.code).toBe(status.UNAUTHENTICATED);
    expect(detailsOf(error)).toMatchObject({ ErrorInfo: { reason: 'WORKER_TOKEN_INVALID' } });
    expect(tasks.heartbeat).not.toHaveBeenCalled();
  });

  it.each<[string, string, object, string]>([
    ['an upload under no hash', 'ConfirmUpload', { ...lease, artifact: { sha256: '../x' } }, 'artifact.sha256'],
    ['a fence of 0', 'Heartbeat', { task: TASK_ID }, 'fence'],
    ['a task id of another kind', 'Heartbeat', { task: JOB_ID, fence: 1 }, 'task'],
    [
      'a metric that is NaN',
      'ReportMetrics',
      { ...lease, values: [{ name: 'loss', value: Number.NaN }] },
      'values[0].value',
    ],
    ['no outcome', 'CompleteTask', lease, 'outcome'],
    [
      'an accuracy above 1',
      'CompleteTask',
      { ...lease, outcome: { succeeded: { score: { ...scoreResult, accuracy: 1.5 } } } },
      'outcome.succeeded.score.accuracy',
    ],
    [
      'a result out of range, in the member that was meant',
      'CompleteTask',
      { ...lease, outcome: { succeeded: { train: { ...trainResult, bestEpoch: 0 } } } },
      'outcome.succeeded.train.best_epoch',
    ],
    [
      'a reason that is none',
      'CompleteTask',
      { ...lease, outcome: { fault: { reason: 'BAD_MOOD', message: 'x' } } },
      'outcome.fault.reason',
    ],
    [
      'two outcomes at once',
      'CompleteTask',
      { ...lease, outcome: { succeeded: { train: trainResult }, fault: { reason: 'INTERNAL', message: 'x' } } },
      'outcome.fault',
    ],
  ])('refuses %s', async (_what, method, request, field) => {
    const error = await grpc.refusal(WORKER, method, request, token);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(detailsOf(error)).toMatchObject({ BadRequest: { fieldViolations: [{ field }] } });
  });

  it('does not serve what callers use', async () => {
    const catalog = new GrpcCaller(server.grpcAddress, 'biotune/v1/catalog.proto');
    expect((await catalog.refusal('biotune.v1.Catalog', 'ListBaseModels', {})).code).toBe(status.UNIMPLEMENTED);
    catalog.client.close();
    expect((await fetch(`${server.httpUrl}/v1/projects/vision/fineTuneJobs`)).status).toBe(404);
    expect((await fetch(`${server.httpUrl}/healthz/ready`)).status).toBe(200);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { inject } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { createTestBucket } from './object-store.js';
import { startRole, type RunningRole } from './process.js';

const FASHION = join(import.meta.dirname, '../../assets/fashion-small/fashion-small.zip');

/** Seconds of a lease in these tests: what waits for one to end ends soon. */
const LEASE_SECONDS = 4;

/** The api and the coordinator as processes of their own, on a fresh database and bucket. */
export interface RunningService {
  readonly http: string;
  readonly grpcAddress: string;
  readonly databaseUrl: string;
  /** Of artifacts and models. */
  readonly bucket: string;
  readonly api: RunningRole;
  coordinator: RunningRole;
  /** @param changes Settings in which it differs from the one before. */
  startCoordinator(changes?: Readonly<Record<string, string>>): Promise<RunningRole>;
  stop(): Promise<void>;
}

/** Starts the built roles (`npm run build` first). */
export async function startService(): Promise<RunningService> {
  const database = await createTestDatabase();
  const { bucket } = await createTestBucket();
  const cacheDir = mkdtempSync(join(tmpdir(), 'biotune-test-cache-'));
  const [http, grpc, gateway, health] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ]);
  const { endpoint, accessKey, secretKey } = inject('services').s3;
  const env = {
    DATABASE_URL: database.url,
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_BUCKET: bucket,
    HTTP_PORT: String(http),
    GRPC_PORT: String(grpc),
    WORKER_GRPC_PORT: String(gateway),
    COORDINATOR_HTTP_PORT: String(health),
    WORKER_TOKEN_SECRET: 'a-secret-of-this-test-run-and-no-other',
    WORKER_CACHE_DIR: cacheDir,
    LEASE_SECONDS: String(LEASE_SECONDS),
  };
  const start = (role: string, port: number, changes = {}) =>
    startRole({ role, env: { ...env, ...changes }, readyUrl: `http://127.0.0.1:${port}/healthz/ready` });
  const [api, coordinator] = await Promise.all([start('api', http), start('coordinator', health)]);
  const service: RunningService = {
    http: `http://127.0.0.1:${http}`,
    grpcAddress: `127.0.0.1:${grpc}`,
    databaseUrl: database.url,
    bucket,
    api,
    coordinator,
    startCoordinator: (changes) => start('coordinator', health, changes),
    stop: () => stop(service, database, cacheDir),
  };
  return service;
}

async function stop(service: RunningService, database: TestDatabase, cacheDir: string): Promise<void> {
  await Promise.all([service.api.kill('SIGTERM'), service.coordinator.kill('SIGTERM')]);
  await database.drop();
  rmSync(cacheDir, { recursive: true, force: true });
}

/** Puts `perClass` images of each of `classes` below `prefix` of a new bucket. @returns their s3 uri. */
export async function uploadFashion(
  classes: readonly string[],
  perClass: number,
  extra: Readonly<Record<string, Uint8Array>> = {},
): Promise<string> {
  const { client, bucket } = await createTestBucket();
  const files = Object.entries(unzipSync(readFileSync(FASHION)));
  const chosen = classes.flatMap((label) =>
    files.filter(([path]) => path.startsWith(`${label}/`) && !path.endsWith('/')).slice(0, perClass),
  );
  for (const [path, bytes] of [...chosen, ...Object.entries(extra)]) {
    await client.putObject(bucket, `fashion/${path}`, Buffer.from(bytes));
  }
  return `s3://${bucket}/fashion`;
}

/** A search small enough for a test: 9 trials of a few seconds. */
export const smallJob = (dataset: string) => ({
  dataset,
  baseModel: 'baseModels/efficientnet-lite0.imagenet',
  data: {
    imageSizePx: 32,
    augmentation: 'LIGHT',
    split: { trainFraction: 0.4, validationFraction: 0.3, testFraction: 0.3 },
  },
  training: { epochCount: 2, batchSize: 16 },
  search: { seed: 7, biotune: { mode: 'PAPER_FAST', populationSize: 4, eliteCount: 1, generationCount: 1 } },
  evaluation: { seedCount: 1 },
  finals: { finalistCount: 2, seedCount: 1 },
  parallelism: { parallelTrialCountMax: 2 },
  reproducibility: 'BITWISE',
});

/** Calls the REST API of project `test`; the answer is given with its status, whatever it is. */
export async function call<T>(
  { http }: RunningService,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: T; headers: Headers }> {
  const response = await fetch(`${http}/v1/projects/test${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T, headers: response.headers };
}

/** Creates a job that must be accepted. */
export async function createJob(service: RunningService, request: unknown): Promise<FineTuneJob> {
  const { status, body } = await call<FineTuneJob>(service, 'POST', '/fineTuneJobs', request);
  if (status !== 201) throw new Error(`the job was refused: ${JSON.stringify(body)}`);
  return body;
}

/** Looks at a job until `isThere`, and fails with the roles' logs when that takes too long. */
export async function waitForJob(
  service: RunningService,
  id: string,
  isThere: (job: FineTuneJob) => boolean,
  secondsMax = 120,
): Promise<FineTuneJob> {
  const deadline = performance.now() + secondsMax * 1000;
  for (;;) {
    const { body } = await call<FineTuneJob>(service, 'GET', `/fineTuneJobs/${id}`);
    if (isThere(body)) return body;
    if (body.done || performance.now() > deadline) {
      throw new Error(`the job did not get there: ${JSON.stringify(body)}\n${service.coordinator.logs()}`);
    }
    await sleep(100);
  }
}

/** Every trial of a job, over all pages. */
export async function listTrials(service: RunningService, id: string, pageSize = 100): Promise<Trial[]> {
  const trials: Trial[] = [];
  let token = '';
  do {
    const path = `/fineTuneJobs/${id}/trials?pageSize=${pageSize}${token && `&pageToken=${token}`}`;
    const { body } = await call<{ trials: Trial[]; nextPageToken?: string }>(service, 'GET', path);
    trials.push(...body.trials);
    token = body.nextPageToken ?? '';
  } while (token !== '');
  return trials;
}

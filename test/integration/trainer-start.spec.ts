import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileFile, compileFolders } from '../support/compile.js';
import { FakeCoordinator, FakeStore, TOKEN } from './worker-fakes.js';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = [
  'worker',
  'launch',
  'config',
  'methods',
  'domain',
  'observability',
  'training',
  'cost',
  'networks',
  'random',
  'formats',
  'datasets',
  'statistics',
  'rpc',
];
const HAS_GPU_ADDON = existsSync(join(ROOT, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'));
/** Asks a trainer for a score of weights that are not there: enough to start TensorFlow. */
const ASK_TRAINER = `
import { createLogger } from './observability/logger.js';
import { TrainerChild } from './worker/supervisor/trainer-child.js';
const logger = createLogger('worker', 'info');
const trainers = { TENSORFLOW_DEVICE: 'CPU', TRAINER_RSS_MIB_MAX: 4096, TRAINER_SILENCE_SECONDS_MAX: 60 };
const settings = { threadCount: 1, trainers, stateDir: process.cwd(), systemEnvironment: process.env, logger };
const trainer = new TrainerChild(settings);
const artifact = { sha256: 'ab'.repeat(32), sizeBytes: 1 };
const network = { architecture: 'n', weights: artifact, mean: [0, 0, 0], std: [1, 1, 1], imageSizePx: 8, classCount: 2 };
const pack = { manifest: artifact, shards: [{ ...artifact, split: 'test', imageCount: 1 }] };
const request = { type: 'score', spec: { network, pack }, weightsPath: '/nowhere', test: { path: '/nowhere', labels: new Int32Array(1) } };
const call = { signal: new AbortController().signal, onEpoch: () => undefined };
for (const _ of [1, 2]) await trainer.run(request, call).catch(() => undefined);
await trainer.stop();
`;

let compiled: string;
let folder: string;

beforeAll(() => {
  compiled = compileFolders(...FOLDERS);
  compileFile(compiled, 'roles/worker');
  compileFile(compiled, 'main');
  writeFileSync(join(compiled, 'ask-trainer.js'), ASK_TRAINER);
  folder = mkdtempSync(join(tmpdir(), 'trainer-start-'));
});

afterAll(() => {
  for (const path of [compiled, folder]) rmSync(path, { recursive: true, force: true });
});

/** Runs a script to its end. @returns its exit code and the events that it logged. */
async function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = fork(join(compiled, script), args, { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [code] = await once(child, 'close');
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return { code, events: lines.map((line) => JSON.parse(line)) };
}

it('ends a worker with 44 before it leases anything when it shall use a GPU and there is none', async () => {
  const coordinator = new FakeCoordinator(new FakeStore());
  await coordinator.start();
  const { code, events } = await run('main.js', ['worker'], {
    COORDINATOR_ADDRESS: coordinator.address,
    WORKER_TOKEN: TOKEN,
    WORKER_CACHE_DIR: folder,
    WORKER_THREAD_COUNT: '1',
    TENSORFLOW_DEVICE: 'GPU',
    // Hides what GPUs the machine may have.
    CUDA_VISIBLE_DEVICES: '-1',
  });
  coordinator.stop();
  expect(code).toBe(44);
  expect(coordinator.leaseCount).toBe(0);
  const reason = HAS_GPU_ADDON ? /found no GPU that it can use/ : /cannot be loaded: .*tfjs_binding\.node/s;
  expect(events.at(-1)).toMatchObject({
    level: 60,
    msg: 'no GPU',
    err: { reason: 'GPU_UNAVAILABLE', message: expect.stringMatching(reason) },
  });
});

it.runIf(HAS_GPU_ADDON)("gives TensorFlow's own reason, and not what it always logs", async () => {
  writeFileSync(
    join(compiled, 'check-gpu.js'),
    `import { checkGpu } from './worker/supervisor/gpu-check.js';
     await checkGpu(process.env).catch(({ reason, metadata }) => console.error(JSON.stringify({ reason, metadata })));`,
  );
  const { events } = await run('check-gpu.js', [], { CUDA_VISIBLE_DEVICES: '-1' });
  expect(events).toMatchObject([
    {
      reason: 'GPU_UNAVAILABLE',
      metadata: { tensorflowSays: expect.stringMatching(/^failed call to cuInit: .*CUDA/) },
    },
  ]);
});

it('says how TensorFlow is set up, once a trainer', async () => {
  const { events } = await run('ask-trainer.js', [], {});
  const started = events.filter(({ msg }) => msg === 'TensorFlow started');
  expect(started).toMatchObject([{ device: 'CPU', oneDnn: true, intraOpThreadCount: 1, execution: 'TRACED' }]);
  expect(events.filter(({ level }) => level > 30)).toEqual([]);
});

it('warns, once a trainer, when the addon lacks the patch', async () => {
  // As the stock addon: it has no such function.
  appendFileSync(
    join(compiled, 'training/device/backend.js'),
    `nodeBackend().binding = Object.create(nodeBackend().binding, { createFunction: { value: undefined } });`,
  );
  const { events } = await run('ask-trainer.js', [], {});
  expect(events.filter(({ level }) => level === 40)).toMatchObject([
    { msg: expect.stringContaining('without our patch') },
  ]);
});

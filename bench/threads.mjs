// Which gives more trials an hour on this machine: one worker on all cores, or one worker a core with one thread each.
// npm run bench:threads, after scripts/setup.mjs. Prints ratios, and writes bench/results/threads.json.
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/setup/paths.mjs';
import { runOf } from './run.mjs';

const RESULTS = join(ROOT, 'bench/results/threads.json');
const TRIALS = join(ROOT, 'bench/threads/trials.mjs');
/** Of each worker, where there is one a core: a first one warms up, and is not counted. */
const TRIAL_COUNT = 3;

const WORKLOADS = [
  { network: 'efficientnet-lite0', sizePx: 64, trained: 'all' },
  { network: 'efficientnet-lite0', sizePx: 64, trained: 'last block' },
  { network: 'resnet50', sizePx: 64, trained: 'all' },
  { network: 'resnet50', sizePx: 64, trained: 'last block' },
];

const args = process.argv.slice(2);
const { rounds } = parseArgs({ args, options: { rounds: { type: 'string', default: '3' } } }).values;
const coreCount = availableParallelism();
const workloads = [];
for (const workload of WORKLOADS) {
  const samples = [];
  for (let round = 0; round < Number(rounds); round++) {
    const one = await trialsPerSecond(workload, { workerCount: 1, threadCount: coreCount });
    const many = await trialsPerSecond(workload, { workerCount: coreCount, threadCount: 1 });
    samples.push({ oneWorkerTrialsPerSecond: one, manyWorkersTrialsPerSecond: many });
  }
  const ratios = samples.map((each) => each.manyWorkersTrialsPerSecond / each.oneWorkerTrialsPerSecond);
  const ratio = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)];
  const { network, trained } = workload;
  console.log(
    `${network}, ${trained}: ${coreCount} workers with 1 thread do ${ratio.toFixed(2)} of the trials of 1 with ${coreCount}`,
  );
  workloads.push({ ...workload, ratio: Number(ratio.toFixed(2)), samples });
}
mkdirSync(dirname(RESULTS), { recursive: true });
const result = { run: runOf('bench:threads', args), workerCount: coreCount, workloads };
writeFileSync(RESULTS, `${JSON.stringify(result, null, 2)}\n`);

/** All workers start their counted trials together, and the last to end counts. */
async function trialsPerSecond(workload, { workerCount, threadCount }) {
  const trialCount = (TRIAL_COUNT * coreCount) / workerCount;
  const workers = await Promise.all(
    Array.from({ length: workerCount }, () => startWorker(workload, threadCount, trialCount)),
  );
  const startMs = performance.now();
  await Promise.all(workers.map(({ work }) => work()));
  const seconds = (performance.now() - startMs) / 1000;
  await Promise.all(workers.map(({ stop }) => stop()));
  return (trialCount * workerCount) / seconds;
}

/** @returns a worker that is warm. */
async function startWorker(workload, threadCount, trialCount) {
  const env = {
    ...process.env,
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: String(threadCount),
    TF_NUM_INTEROP_THREADS: String(threadCount),
    TF_CPP_MIN_LOG_LEVEL: '2',
  };
  const child = fork(TRIALS, [JSON.stringify({ ...workload, trialCount })], { env });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const said = () =>
    Promise.race([
      new Promise((resolve) => child.once('message', resolve)),
      exited.then((code) => Promise.reject(new Error(`a worker ended with ${code}`))),
    ]);
  await said();
  return {
    work: () => {
      const done = said();
      child.send('go');
      return done;
    },
    // With nothing left to hear, it ends by itself.
    stop: () => exited,
  };
}

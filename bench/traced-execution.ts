/**
 * Compares traced with eager execution of EfficientNet-Lite0, 64 px, Adam:
 *
 *     npx tsc --outDir dist
 *     TF_ENABLE_ONEDNN_OPTS=1 TF_NUM_INTRAOP_THREADS=2 TF_NUM_INTEROP_THREADS=1 \
 *       node dist/bench/traced-execution.js [batch sizes, default 32,16,8] [step pairs, default 15]
 *
 * Steps of the two are interleaved, so that other work on the machine meets both.
 */
import { parameterSpecs } from '../src/networks/parameters.js';
import { networkByArchitecture } from '../src/networks/registry.js';
import { randomStream } from '../src/random/random-stream.js';
import { type Execution, startBackend, tf } from '../src/training/backend.js';
import { predict } from '../src/training/evaluate.js';
import { ModelState } from '../src/training/model-state.js';
import { trainStep } from '../src/training/train-step.js';
import { goldenWeights } from '../test/fixtures/golden/fill.js';

const SIZE_PX = 64;
const CLASS_COUNT = 10;
const network = networkByArchitecture('efficientnet-lite0');
const weights = goldenWeights(parameterSpecs(network, CLASS_COUNT));
const [batchSizes = '32,16,8', pairCount = '15'] = process.argv.slice(2);

/** Index of the first trained block; none for inference. */
const CASES = { 'full step': 0, 'last 3 blocks': 6, 'head only': 8, inference: Infinity };

interface Work {
  readonly run: () => void;
  readonly dispose: () => void;
}

function work(execution: Execution, firstTrained: number, batchSize: number): Work {
  const segments = network.blocks.map(({ layers }, index) => {
    const isTrained = index >= firstTrained;
    return { layers, lrMultiplier: isTrained ? 1 : 0, usesBatchStatistics: isTrained };
  });
  const state = new ModelState(segments, weights, CLASS_COUNT, execution);
  const next = randomStream('bench');
  const input = tf.tensor(
    new Float32Array(batchSize * SIZE_PX * SIZE_PX * 3).map(() => next() * 2 - 1),
    [batchSize, SIZE_PX, SIZE_PX, 3],
  );
  const labels = tf.tensor1d(
    Array.from({ length: batchSize }, (_, index) => index % CLASS_COUNT),
    'int32',
  );
  return {
    run: () => {
      if (firstTrained < network.blocks.length) trainStep(state, input, labels, { learningRate: 1e-4, momentum: 0.1 });
      else tf.tidy(() => void predict(state, input).dataSync());
    },
    dispose: () => {
      state.dispose();
      tf.dispose([input, labels]);
    },
  };
}

function timed({ run }: Work): number {
  const startMs = performance.now();
  run();
  return performance.now() - startMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The step that other work on the machine disturbed least. */
const fastest = (values: readonly number[]) => Math.min(...values);

const settings = await startBackend();
console.log(JSON.stringify(settings));
for (const batchSize of batchSizes.split(',').map(Number)) {
  for (const [name, firstTrained] of Object.entries(CASES)) {
    const eager = work('EAGER', firstTrained, batchSize);
    const traced = work('TRACED', firstTrained, batchSize);
    const tracingMs = timed(traced);
    const compilingMs = timed(traced);
    for (let warmUp = 0; warmUp < 2; warmUp++) [eager, traced].forEach(timed);
    const eagerMs: number[] = [];
    const tracedMs: number[] = [];
    for (let pair = 0; pair < Number(pairCount); pair++) {
      eagerMs.push(timed(eager));
      tracedMs.push(timed(traced));
    }
    const start = `first ${tracingMs.toFixed(0)} ms, second ${compilingMs.toFixed(0)} ms`;
    const speedups = [median, fastest].map((of) => (of(eagerMs) / of(tracedMs)).toFixed(2));
    const rates = [eagerMs, tracedMs].map((ms) => `${((batchSize * 1000) / fastest(ms)).toFixed(0)}/s`);
    console.log(
      `batch ${batchSize}, ${name}: ${speedups[0]} in the median, ${speedups[1]} in the fastest step ` +
        `(eager ${rates[0]}, traced ${rates[1]}; traced ${start})`,
    );
    for (const each of [eager, traced]) each.dispose();
  }
}

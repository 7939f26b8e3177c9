// Our engine as a peer: node bench/engine/our-engine.mjs <settings as JSON> <TRACED|EAGER>; see peer-process.mjs.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { elementCount, parameterSpecs } from '../../dist/src/networks/parameters.js';
import { networkByArchitecture } from '../../dist/src/networks/registry.js';
import { startBackend, tf } from '../../dist/src/training/backend.js';
import { predictAll } from '../../dist/src/training/evaluate.js';
import { ModelState } from '../../dist/src/training/model-state.js';
import { trainStep } from '../../dist/src/training/train-step.js';
import { randomWeights } from './random-weights.mjs';

/** @type {import('./settings.mjs').PeerSettings} */
const settings = JSON.parse(process.argv[2] ?? '');
const execution = process.argv[3];
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const backend = await startBackend();
// An engine from before there was a choice says nothing, and is eager.
if (execution === 'TRACED' && backend.execution !== 'TRACED') {
  say({ unavailable: 'this build of the engine does not offer it' });
} else {
  await serve();
}

async function serve() {
  const network = networkByArchitecture(settings.network);
  const specs = parameterSpecs(network, settings.classCount);
  const firstTrained = { full: 0, head: network.blocks.length - 2, inference: Infinity }[settings.work];
  const segments = network.blocks.map(({ layers }, index) => {
    const isTrained = index >= firstTrained;
    return { layers, lrMultiplier: isTrained ? 1 : 0, usesBatchStatistics: isTrained };
  });
  const state = new ModelState(segments, randomWeights(specs), settings.classCount, execution);
  const step = stepOf(state);
  // Layers that are in the state but do not run have no counterpart in a peer.
  const running = specs.filter(({ isBuffer, isIdle }) => !isBuffer && isIdle !== true);
  say({
    version: `libtensorflow ${backend.tensorflowVersion}`,
    parameterCount: running.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    trainedParameterCount: state.trainedParameterCount,
  });
  for await (const _ of createInterface({ input: process.stdin })) {
    const startMs = performance.now();
    const value = await step();
    say({ seconds: (performance.now() - startMs) / 1000, value });
  }
}

/** @returns one step, which gives its loss, or for inference a logit. */
function stepOf(state) {
  const { batchSize, imageSizePx, classCount, inputFile, work } = settings;
  const bytes = readFileSync(inputFile);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const input = tf.tensor(pixels, [batchSize, imageSizePx, imageSizePx, 3], 'float32');
  const labels = Int32Array.from({ length: batchSize }, (_, index) => index % classCount);
  if (work === 'inference') {
    const read = async function* () {
      yield input.clone();
    };
    return async () => (await predictAll(state, { labels, read, dispose: () => undefined }, batchSize)).data[0];
  }
  const labelTensor = tf.tensor1d(labels, 'int32');
  return () => trainStep(state, input, labelTensor, { learningRate: 1e-4, momentum: 0.1 });
}

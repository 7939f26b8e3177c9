// Our engine as a peer: node bench/engine/our-engine.mjs <settings as JSON> <TRACED|EAGER|CACHED>; see peer-process.mjs.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { elementCount, parameterSpecs } from '../../dist/src/networks/parameters.js';
import { networkByArchitecture } from '../../dist/src/networks/registry.js';
import { startBackend, tf } from '../../dist/src/training/device/backend.js';
import { InferenceModel } from '../../dist/src/training/model/inference-model.js';
import { blockSegments, ModelState } from '../../dist/src/training/model/model-state.js';
import { TracedFunctions } from '../../dist/src/training/graph/traced-functions.js';
import { trainStep } from '../../dist/src/training/loop/train-step.js';
import { randomWeights } from '../random-weights.mjs';

const STEP = { learningRate: 1e-4, batchNormMomentum: 0.1, labelSmoothing: 0 };

/** @type {import('./settings.mjs').PeerSettings} */
const settings = JSON.parse(process.argv[2] ?? '');
const variant = process.argv[3];
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const backend = await startBackend();
if (variant !== 'EAGER' && backend.execution !== 'TRACED') {
  say({ unavailable: 'the addon is not patched' });
} else {
  await serve();
}

async function serve() {
  const network = networkByArchitecture(settings.network);
  const specs = parameterSpecs(network, settings.classCount);
  const { step, trainedParameterCount } = work(network, randomWeights(specs));
  // Layers that are in the state but do not run have no counterpart in a peer.
  const running = specs.filter(({ isBuffer, isIdle }) => !isBuffer && isIdle !== true);
  say({
    version: `libtensorflow ${backend.tensorflowVersion}`,
    parameterCount: running.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    trainedParameterCount,
  });
  for await (const _ of createInterface({ input: process.stdin })) {
    const startMs = performance.now();
    const value = step();
    say({ seconds: (performance.now() - startMs) / 1000, value });
  }
}

/** As a training does it: what is frozen at the start is folded, and runs before the step, or once for all steps. */
function work(network, weights) {
  const { classCount } = settings;
  const blockCount = network.blocks.length;
  const firstTrained = { full: 0, head: blockCount - 2, half: Math.floor(blockCount / 2), inference: blockCount };
  const cut = firstTrained[settings.work];
  const functions = new TracedFunctions(variant === 'EAGER' ? 'EAGER' : 'TRACED');
  const prefix = new InferenceModel(
    network.blocks.slice(0, cut).flatMap(({ layers }) => layers),
    functions,
  );
  prefix.loadWeights(weights, classCount);
  const { input, labels } = readBatch();
  if (settings.work === 'inference') return { step: () => firstOf(prefix.run(input)), trainedParameterCount: 0 };
  const multipliers = network.blocks.map((_, block) => (block < cut ? 0 : 1));
  const segments = blockSegments(network, multipliers, 'EVAL').slice(cut);
  const state = new ModelState(segments, weights, classCount, { functions });
  const kept = variant === 'CACHED' ? prefix.run(input) : undefined;
  const step = () => {
    const features = kept ?? (cut === 0 ? input : prefix.run(input));
    const loss = firstOf(trainStep(state, { input: features, labels }, STEP));
    if (features !== kept && features !== input) features.dispose();
    return loss;
  };
  return { step, trainedParameterCount: state.trainedParameterCount };
}

function readBatch() {
  const { batchSize, imageSizePx, classCount, inputFile } = settings;
  const bytes = readFileSync(inputFile);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return {
    input: tf.tensor(pixels, [batchSize, imageSizePx, imageSizePx, 3], 'float32'),
    labels: Int32Array.from({ length: batchSize }, (_, index) => index % classCount),
  };
}

/** The first number of a tensor, which is disposed. */
function firstOf(tensor) {
  const [value] = tensor.dataSync();
  tensor.dispose();
  return value;
}

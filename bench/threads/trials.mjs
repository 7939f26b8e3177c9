// A worker of bench/threads.mjs: trains some candidates one after the other, as a search would.
import { parameterSpecs } from '../../dist/src/networks/parameters.js';
import { randomStream } from '../../dist/src/random/random-stream.js';
import { networkByArchitecture } from '../../dist/src/networks/registry.js';
import { startBackend } from '../../dist/src/training/device/backend.js';
import { fineTune } from '../../dist/src/training/fine-tune.js';
import { imagesInMemory } from '../../dist/src/training/examples/image-batches.js';
import { PrefixCache } from '../../dist/src/training/examples/prefix-cache.js';
import { TracedFunctions } from '../../dist/src/training/graph/traced-functions.js';
import { PLAIN_PROTOCOL } from '../protocol.mjs';
import { randomWeights } from '../random-weights.mjs';

const CLASS_COUNT = 10;
const { network: architecture, sizePx, trained, trialCount } = JSON.parse(process.argv[2] ?? '');
const network = networkByArchitecture(architecture);

await startBackend();
const shared = { functions: new TracedFunctions(), cache: new PrefixCache({ memoryBytesMax: 512 * 1024 ** 2 }) };
const pretrained = randomWeights(parameterSpecs(network, CLASS_COUNT));
const [train, validation] = [96, 32].map(images);
await trial(0);
process.send('warm');
process.once('message', async () => {
  for (let seed = 1; seed <= trialCount; seed++) await trial(seed);
  process.send('done');
});

function trial(seed) {
  const { length } = network.blocks;
  return fineTune(
    {
      ...PLAIN_PROTOCOL,
      network,
      pretrained,
      classCount: CLASS_COUNT,
      train,
      validation,
      lrMultipliers: network.blocks.map((_, block) => (trained === 'all' || block >= length - 2 ? 1 : 0)),
      frozenBatchNorm: 'EVAL',
      epochCount: 2,
      patienceEpochs: 2,
      seed,
      headSeed: seed,
    },
    { onEpoch: () => undefined, shared },
  );
}

function images(count) {
  const next = randomStream(`images/${count}`);
  const pixels = new Uint8Array(count * sizePx * sizePx * 3).map(() => Math.floor(next() * 256));
  return imagesInMemory(
    pixels,
    Int32Array.from({ length: count }, (_, index) => index % CLASS_COUNT),
    sizePx,
  );
}

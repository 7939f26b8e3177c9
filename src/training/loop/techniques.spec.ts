import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { enlarged, tinyPixels } from '../../../test/fixtures/tiny-network.js';
import { expectNumbersAgree, expectWeightsAgree } from '../../../test/fixtures/traced-agreement.js';
import { differingTensors, leftovers, numbersOf, train } from '../../../test/fixtures/training.js';
import type { Technique } from '../../methods/method-table.js';
import { readSafetensors } from '../../formats/safetensors.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { networkByArchitecture } from '../../networks/registry.js';
import { loadWeights } from '../../networks/weights.js';
import type { Execution } from '../device/backend.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import { evaluate } from '../metrics/evaluate.js';
import type { FineTuneOptions } from '../fine-tune-options.js';
import { PrefixCache } from '../examples/prefix-cache.js';
import { SharedHeads } from './shared-heads.js';
import { TracedFunctions } from '../graph/traced-functions.js';

const network = networkByArchitecture('efficientnet-lite0');
const pretrained = readSafetensors(readFileSync('assets/efficientnet-lite0/weights.safetensors'));
const SEED = 684;
const start = loadWeights(network, pretrained, 3, SEED);
const specs = parameterSpecs(network, 3);

const OPTIONS: Partial<FineTuneOptions> = {
  network,
  pretrained,
  normalization: { mean: [127, 127, 127], std: [128, 128, 128] },
  train: enlarged(tinyPixels(12), 64),
  validation: enlarged(tinyPixels(6, 'validation'), 64),
  lrMultipliers: network.blocks.map((_, block) => (block < 6 ? 0 : 1)),
  baseLearningRate: 1e-3,
  batchSize: 6,
  epochCount: 1,
  seed: SEED,
  headSeed: SEED,
};

async function trained(changes: Partial<FineTuneOptions>, execution: Execution) {
  const shared = {
    functions: new TracedFunctions(execution),
    cache: new PrefixCache({ memoryBytesMax: 2 ** 26 }),
    heads: new SharedHeads(),
  };
  try {
    return await train({ ...OPTIONS, ...changes }, { shared });
  } finally {
    shared.cache.dispose();
    shared.functions.dispose();
  }
}

const isHead = (name: string) => name.startsWith('_fc.');

/** What a training on all blocks of a technique moves, beside running statistics. */
const moves: Record<Technique['type'], (spec: (typeof specs)[number]) => boolean> = {
  BLOCKS: () => true,
  LINEAR_PROBE: ({ name }) => isHead(name),
  GRADUAL_UNFREEZING: () => true,
  AUTO_RGN: ({ name, kind }) => kind !== 'vector' || isHead(name),
  LORA: ({ name, kind }) => (kind === 'conv' && name !== '_conv_stem.weight') || isHead(name),
  NORM_TUNE: ({ name, kind }) => kind === 'vector' || isHead(name),
  L2_SP: () => true,
  L1_SP: () => true,
};

describe.each<[Technique, Partial<FineTuneOptions>, number]>([
  [{ type: 'BLOCKS' }, {}, 1],
  [{ type: 'LINEAR_PROBE' }, {}, 1],
  [{ type: 'GRADUAL_UNFREEZING' }, {}, 3],
  [{ type: 'AUTO_RGN', batchCount: 1 }, {}, 1],
  [{ type: 'LORA', rank: 4, alpha: 8 }, { lrMultipliers: network.blocks.map(() => 1) }, 1],
  [{ type: 'NORM_TUNE' }, { lrMultipliers: network.blocks.map(() => 1) }, 1],
  [{ type: 'L2_SP', alpha: 0.1, beta: 0.01 }, {}, 1],
  [{ type: 'L1_SP', alpha: 0.1, beta: 0.01 }, {}, 1],
])('EfficientNet-Lite0 by $type', (technique, changes, epochCount) => {
  it('comes to the same traced and eager, moves what it should, and scores what it says', async () => {
    const before = leftovers();
    const options = { ...OPTIONS, ...changes, technique };
    const traced = await trained(options, 'TRACED');
    const eager = await trained(options, 'EAGER');
    traced.epochs.forEach((epoch, index) => {
      const other = eager.epochs[index];
      if (other === undefined) throw new Error(`eager, there is no epoch ${index + 1}`);
      const figures = (of: EpochMetrics) => Object.values(numbersOf(of)).map((figure) => figure ?? NaN);
      expectNumbersAgree(figures(epoch), figures(other));
    });
    expectWeightsAgree(traced.weights, eager.weights);
    expect(traced.epochs.length).toBe(epochCount);

    const { lrMultipliers = [] } = options;
    const learning = specs.filter(
      (spec) => !spec.isBuffer && (lrMultipliers[spec.blockIndex] ?? 0) > 0 && moves[technique.type](spec),
    );
    const buffers = new Set(specs.flatMap(({ name, isBuffer }) => (isBuffer ? [name] : [])));
    const moved = differingTensors(traced.weights, start).filter((name) => !buffers.has(name));
    expect(moved).toEqual(learning.map(({ name }) => name));

    const { normalization, validation } = options;
    if (normalization === undefined || validation === undefined) throw new Error('no images');
    const again = await evaluate({
      network,
      weights: traced.weights,
      classCount: 3,
      normalization,
      images: validation,
      batchSize: 6,
    });
    expect(Math.abs(again.loss - (traced.best.validationLoss ?? NaN))).toBeLessThan(1e-5);
    expect(leftovers()).toEqual(before);
  });
});

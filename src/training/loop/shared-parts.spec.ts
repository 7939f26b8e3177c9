import { afterEach, describe, expect, it } from 'vitest';
import { goldenWeights } from '../../../test/fixtures/golden/fill.js';
import { differingTensors, leftovers, train } from '../../../test/fixtures/training.js';
import { tinyImages } from '../../../test/fixtures/tiny-network.js';
import { classifier, conv, globalMeanPool, relu } from '../../networks/layer-builders.js';
import type { NetworkDefinition } from '../../networks/network.js';
import { parameterSpecs } from '../../networks/parameters.js';
import { nativeFunctionCount } from '../device/backend.js';
import { ownParts } from './prepare-training.js';

/** Seven trained sets in both modes of BatchNorm: the structures of a search. */
const candidate = (trial: number) => ({
  lrMultipliers: [0, 1, 2].map((block) => (((trial % 7) + 1) >> block) & 1),
  frozenBatchNorm: trial % 2 === 0 ? ('EVAL' as const) : ('TRAIN' as const),
  seed: trial,
});

describe.each<[string, () => ReturnType<typeof ownParts> | undefined]>([
  ['with parts of their own', () => undefined],
  ['that share', ownParts],
])('fifty trainings %s', (_, parts) => {
  it('leave nothing behind, and need no more memory than five', async () => {
    const before = leftovers();
    const shared = parts();
    let rssAfterFive = NaN;
    for (let trial = 1; trial <= 50; trial++) {
      await train(candidate(trial), shared === undefined ? {} : { shared });
      if (trial === 5) rssAfterFive = process.memoryUsage().rss;
    }
    expect(process.memoryUsage().rss).toBeLessThan(1.1 * rssAfterFive);
    shared?.dispose();
    expect(leftovers()).toEqual(before);
  });
});

describe('shared parts', () => {
  let shared = ownParts();
  afterEach(() => {
    shared.dispose();
    shared = ownParts();
  });

  it('give the second training of a structure its functions, whatever numbers change', async () => {
    await train({ lrMultipliers: [0, 1, 2], classWeighting: 'BALANCED' }, { shared });
    const functionCount = nativeFunctionCount();
    expect(functionCount).toBeGreaterThan(0);
    await train(
      { lrMultipliers: [0, 0.5, 0.1], classWeighting: 'BALANCED', seed: 2, baseLearningRate: 1e-4 },
      { shared },
    );
    expect(nativeFunctionCount()).toBe(functionCount);
  });

  it('change no bit of a training', async () => {
    const alone = await train({ lrMultipliers: [0, 1, 2] });
    for (let trial = 1; trial <= 3; trial++) await train(candidate(trial), { shared });
    const other = { optimizer: { type: 'SGD', weightDecay: 0, momentum: 0.9 } } as const;
    await train({ lrMultipliers: [0, 1, 2], ...other }, { shared });
    const sharing = await train({ lrMultipliers: [0, 1, 2] }, { shared });
    expect(differingTensors(sharing.weights, alone.weights)).toEqual([]);
    expect(sharing.best).toEqual(alone.best);
  });

  it('tell trainings apart of which equal blocks train with their biases alone', async () => {
    const biased = (id: string) => [conv(id, 3, 3, { kernelSize: 3, padding: 'SAME', hasBias: true }), relu];
    const layers = { first: biased('first'), second: biased('second'), head: [globalMeanPool, classifier('fc', 3)] };
    const blocks = Object.entries(layers).map(([id, ofBlock]) => ({ id, displayName: id, layers: ofBlock }));
    const network: NetworkDefinition = { architecture: 'equal-blocks', inputSizePxMin: 8, blocks };
    const options = { network, pretrained: goldenWeights(parameterSpecs(network, 3)), epochCount: 1 };
    const alone = await train({ ...options, normBlocks: [1] });
    await train({ ...options, normBlocks: [0] }, { shared });
    const sharing = await train({ ...options, normBlocks: [1] }, { shared });
    expect(differingTensors(sharing.weights, alone.weights)).toEqual([]);
  });

  it('keep the functions of the last structures alone', async () => {
    const counts: number[] = [];
    for (let trial = 1; trial <= 42; trial++) {
      await train({ ...candidate(trial), epochCount: 1 }, { shared });
      counts.push(nativeFunctionCount());
    }
    // Fourteen candidates have about thirty structures between them; three rounds keep as few functions as one.
    expect(Math.max(...counts.slice(14))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 14)));
  });

  it('are free for other training after one that failed', async () => {
    const before = leftovers();
    await expect(train({ batchSize: 6, microBatchSize: 1 }, { shared })).rejects.toMatchObject({
      reason: 'BATCH_OF_ONE',
    });
    shared.dispose();
    expect(leftovers()).toEqual(before);
  });

  it('end a training on other images with other weights under another source key', async () => {
    const { weights } = await train({ lrMultipliers: [0, 0, 1] }, { shared });
    const images = tinyImages(27, 'others');
    const others = await train({ lrMultipliers: [0, 0, 1], train: images, sourceKey: 'others' }, { shared });
    expect(differingTensors(others.weights, weights)).toContain('fc.weight');
    const alone = await train({ lrMultipliers: [0, 0, 1], train: images, sourceKey: 'others' });
    expect(differingTensors(others.weights, alone.weights)).toEqual([]);
  });
});

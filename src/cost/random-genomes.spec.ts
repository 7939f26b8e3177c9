import { describe, expect, it } from 'vitest';
import type { BlockConstraint } from '../domain/job/block-constraint.js';
import { networkByArchitecture } from '../networks/registry.js';
import { drawRandomGenome } from '../search/random-genome.js';
import { randomStream } from '../random/random-stream.js';
import { forwardCosts } from './forward-costs.js';
import { imageCosts } from './image-costs.js';
import { meanCostOfRandomGenomes } from './random-genomes.js';

type Policy = BlockConstraint['policy'];

const resNet50 = forwardCosts(
  networkByArchitecture('resnet50').blocks.map(({ layers }) => layers),
  224,
  1000,
);
const total = resNet50.reduce((sum, { forward }) => sum + forward, 0);

/** Whether a prefix is kept, by the block behind it: up to that of `count` blocks. */
const keptUpTo = (count: number) => resNet50.map((_, first) => first <= count);
const [NONE, SOME, ALL] = [keptUpTo(-1), keptUpTo(2), keptUpTo(6)] as const;

const searched = (policies: readonly Policy[]) =>
  resNet50.map((cost, index) => ({ cost, policy: policies[index] ?? 'FREE' }));

/** 56² · 64 · 64 and so on: `conv1` of each stage's first bottleneck, without the projection beside it. */
const CONV1 = [12_845_056, 102_760_448, 102_760_448, 102_760_448];

describe('a random genome of ResNet50, in forward passes', () => {
  const figures = (blocks: ReturnType<typeof searched>) =>
    [NONE, ALL].map((isCached) => (meanCostOfRandomGenomes(blocks, isCached).training / total).toFixed(2));

  it('is 2.97, 2.45 and 2.34 of the published formula, whose first layer is one convolution', () => {
    const blocks = searched([]).map(({ cost, policy }, index) => {
      const firstLayer = CONV1[index - 1] ?? cost.firstLayer;
      return { cost: { ...cost, firstLayer }, policy };
    });
    const whole = resNet50.map((cost) => ({ cost, isTrained: true }));
    expect((imageCosts(whole, false).training / total).toFixed(2)).toBe('2.97');
    expect(figures(blocks)).toEqual(['2.45', '2.34']);
  });

  it('saves 0.007 more, since no gradient goes through the projection of the first trained stage either', () => {
    expect(figures(searched([]))).toEqual(['2.44', '2.34']);
  });
});

it('is the mean over genomes as the initial population draws them', () => {
  const rules = { usesRateGenes: true, blocks: resNet50.map(() => ({ policy: 'FREE' as const })) };
  const rng = { next: randomStream('genomes') };
  const [truncated, cached] = [false, true].map((isPrefixCached) => {
    let sum = 0;
    for (let draw = 0; draw < 100_000; draw++) {
      const { genes, threshold } = drawRandomGenome(rules, rng);
      const parts = resNet50.map((cost, block) => ({ cost, isTrained: (genes[block] ?? 0) > threshold }));
      sum += imageCosts(parts, isPrefixCached).training;
    }
    return sum / 100_000;
  });
  const exact = (isPrefixCached: readonly boolean[]) => meanCostOfRandomGenomes(searched([]), isPrefixCached).training;
  // The standard error is 0.0013 forward passes.
  expect(Math.abs((truncated ?? NaN) - exact(NONE)) / total).toBeLessThan(0.004);
  expect(Math.abs((cached ?? NaN) - exact(ALL)) / total).toBeLessThan(0.004);
});

/** ∫ (1 - ε)^k ε^(m - k) dε, for k of m free blocks that train. */
function maskChance(trained: number, free: number): number {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
  return (factorial(trained) * factorial(free - trained)) / factorial(free + 1);
}

describe('the mean over random genomes', () => {
  it.each<[string, Policy[]]>([
    ['that decide about every block', ['FREE', 'FREE', 'FREE', 'FREE', 'FREE', 'FREE']],
    ['that cannot train the first and the third block', ['FREEZE', 'FREE', 'FREEZE', 'FREE', 'FREE', 'FREE']],
    ['that must train the head', ['FREE', 'FREE', 'FREE', 'FREE', 'FREE', 'TRAIN']],
    ['that must train a block in the middle', ['FREE', 'FREEZE', 'FREE', 'TRAIN', 'FREE', 'TRAIN']],
    ['that decide about one block alone', ['FREEZE', 'FREEZE', 'FREE', 'FREEZE', 'FREEZE', 'FREEZE']],
    ['that decide about nothing', ['FREEZE', 'FREEZE', 'TRAIN', 'FREEZE', 'FREEZE', 'TRAIN']],
  ])('%s is that over all masks', (_, policies) => {
    const free = policies.flatMap((policy, block) => (policy === 'FREE' ? [block] : []));
    const masks = Array.from({ length: 2 ** free.length }, (_, bits) => {
      const chosen = new Set(free.filter((__, at) => ((bits >> at) & 1) === 1));
      const isTrained = policies.map((policy, block) => policy === 'TRAIN' || chosen.has(block));
      return { isTrained, chance: maskChance(chosen.size, free.length) };
    }).filter(({ isTrained }) => isTrained.includes(true));
    const certainty = masks.reduce((sum, { chance }) => sum + chance, 0);
    for (const isPrefixCached of [NONE, SOME, ALL]) {
      const found = meanCostOfRandomGenomes(searched(policies), isPrefixCached);
      for (const figure of ['training', 'validation', 'prefix'] as const) {
        const mean = masks.reduce((sum, { isTrained, chance }) => {
          const parts = resNet50.map((cost, block) => ({ cost, isTrained: isTrained[block] ?? false }));
          return (
            sum + (chance / certainty) * imageCosts(parts, isPrefixCached[isTrained.indexOf(true)] ?? false)[figure]
          );
        }, 0);
        expect(found[figure] / total).toBeCloseTo(mean / total, 12);
      }
    }
  });

  it('is refused when no block may train', () => {
    expect(() => meanCostOfRandomGenomes(searched(Array<Policy>(6).fill('FREEZE')), ALL)).toThrow(
      'none of 6 blocks may train',
    );
  });
});

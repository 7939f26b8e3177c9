import { describe, expect, it } from 'vitest';
import type { BlockConstraint } from './block-constraint.js';
import {
  type BlockRule,
  type PhenotypeRules,
  geneMatters,
  lrMultipliers,
  phenotypeRules,
  selectedBlocks,
  selectsABlock,
} from './genome.js';

const IDS = ['stem', 'layer1', 'layer2', 'fc'];
const FREE: BlockRule = { policy: 'FREE' };
const TRAIN: BlockRule = { policy: 'TRAIN' };
const FREEZE: BlockRule = { policy: 'FREEZE' };
const paper = (...blocks: BlockRule[]): PhenotypeRules => ({ usesRateGenes: true, blocks });
const codeCompat = (...blocks: BlockRule[]): PhenotypeRules => ({ usesRateGenes: false, blocks });

describe('lrMultipliers', () => {
  it('is 10^(2(gene - 0.5)): 0.1, 1 and 10 at 0, 0.5 and 1', () => {
    const [low = 0, middle, high] = lrMultipliers({ genes: [0.001, 0.5, 1], threshold: 0 }, paper(FREE, FREE, FREE));
    expect(low).toBeCloseTo(0.1 * 10 ** 0.002, 15);
    expect([middle, high]).toEqual([1, 10]);
    expect(lrMultipliers({ genes: [0], threshold: 1 }, paper(TRAIN))).toEqual([0.1]);
  });

  it('is 0 for a gene at the threshold, and not just above it', () => {
    const genes = [0.5, 0.5 + 2 ** -53, 0.5 - 2 ** -54];
    expect(lrMultipliers({ genes, threshold: 0.5 }, paper(FREE, FREE, FREE)).map((m) => m > 0)).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('is 0 for FREEZE whatever the gene, and by the gene for TRAIN whatever the threshold', () => {
    const genome = { genes: [1, 1, 0.25, 0.25], threshold: 0.5 };
    expect(lrMultipliers(genome, paper(FREEZE, FREE, FREE, TRAIN))).toEqual([0, 10, 0, 10 ** -0.5]);
  });

  it('moves the multiplier of a selected block into its bounds, and leaves a frozen one at 0', () => {
    const genome = { genes: [1, 0.75, 0.75, 0.25], threshold: 0.5 };
    const bounded = paper(
      { policy: 'FREE', lrMultiplierMax: 2 },
      { policy: 'FREE', lrMultiplierMin: 5 },
      { policy: 'FREE', lrMultiplierMin: 1, lrMultiplierMax: 8 },
      { policy: 'FREE', lrMultiplierMin: 5 },
    );
    expect(lrMultipliers(genome, bounded)).toEqual([2, 5, 10 ** 0.5, 0]);
    expect(lrMultipliers(genome, paper(FREE, FREE, FREE, { policy: 'TRAIN', lrMultiplierMin: 50 }))[3]).toBe(50);
  });

  it('is 1 within bounds where rate genes are not used', () => {
    const genome = { genes: [1, 0.75, 0.1, 1, 0.75], threshold: 0.5 };
    const rules = codeCompat(FREE, { policy: 'FREE', lrMultiplierMax: 0.5 }, TRAIN, FREEZE, {
      policy: 'FREE',
      lrMultiplierMin: 3,
    });
    expect(lrMultipliers(genome, rules)).toEqual([1, 0.5, 1, 0, 3]);
  });

  it('refuses a genome of another number of blocks', () => {
    expect(() => lrMultipliers({ genes: [1, 1], threshold: 0 }, paper(FREE))).toThrow('2 genes, rules for 1 blocks');
  });
});

describe('selectedBlocks', () => {
  it('are those with a multiplier, for 1000 genomes under all policies', () => {
    const rules = paper(FREE, TRAIN, FREEZE, FREE);
    for (let i = 0; i < 1000; i += 1) {
      const genome = { genes: [0.1, 0.3, 0.7, 0.9].map((gene) => (gene * i) % 1), threshold: i / 1000 };
      const multipliers = lrMultipliers(genome, rules);
      expect(selectedBlocks(genome, rules)).toEqual([0, 1, 2, 3].filter((block) => (multipliers[block] ?? 0) > 0));
    }
  });

  it('decide whether a genome selects a block', () => {
    const genome = { genes: [0.9, 0.1], threshold: 0.5 };
    expect(selectsABlock(genome, paper(FREE, FREE))).toBe(true);
    expect(selectsABlock(genome, paper(FREEZE, FREE))).toBe(false);
    expect(selectsABlock(genome, paper(FREEZE, TRAIN))).toBe(true);
  });
});

describe('geneMatters', () => {
  it.each([
    ['FREE', paper(FREE), true],
    ['FREE without rate genes', codeCompat(FREE), true],
    ['FREE within one multiplier', paper({ ...FREE, lrMultiplierMin: 1, lrMultiplierMax: 1 }), true],
    ['FREEZE', paper(FREEZE), false],
    ['TRAIN', paper(TRAIN), true],
    ['TRAIN without rate genes', codeCompat(TRAIN), false],
    ['TRAIN within one multiplier', paper({ ...TRAIN, lrMultiplierMin: 1, lrMultiplierMax: 1 }), false],
    ['TRAIN bounded above what genes give', paper({ ...TRAIN, lrMultiplierMin: 10 }), false],
    ['TRAIN bounded below what genes give', paper({ ...TRAIN, lrMultiplierMax: 0.1 }), false],
    ['TRAIN within bounds', paper({ ...TRAIN, lrMultiplierMin: 9 }), true],
  ])('of a block that is %s', (_, rules, expected) => expect(geneMatters(0, rules)).toBe(expected));
});

describe('phenotypeRules', () => {
  it('puts constraints in the order of the blocks; the others are FREE', () => {
    const constraints: BlockConstraint[] = [
      { blockId: 'fc', policy: 'TRAIN', lrMultiplierMin: 1 },
      { blockId: 'layer1', policy: 'FREEZE' },
    ];
    expect(phenotypeRules(constraints, IDS, 'PAPER')).toEqual(
      paper(FREE, FREEZE, FREE, { policy: 'TRAIN', lrMultiplierMin: 1 }),
    );
  });

  it.each([
    ['PAPER', true],
    ['PAPER_FAST', true],
    ['CODE_COMPAT', false],
  ] as const)('of %s use rate genes: %s', (mode, expected) => {
    expect(phenotypeRules([], IDS, mode)).toEqual({ usesRateGenes: expected, blocks: [FREE, FREE, FREE, FREE] });
  });

  it('refuse an unknown block and one named twice, each at its place, with the known ones', () => {
    const constraints = ['fc', 'layer9', 'stem', 'fc'].map((blockId) => ({ blockId, policy: 'TRAIN' }) as const);
    expect(failureOf(constraints)).toMatchObject({
      reason: 'FIELD_INVALID',
      message: expect.stringContaining('block layer9 is unknown; known: stem, layer1, layer2, fc'),
      metadata: { blockIds: 'layer9, fc' },
      violations: [
        {
          pointer: '/search/blockConstraints/1/blockId',
          message: 'block layer9 is unknown; known: stem, layer1, layer2, fc',
        },
        { pointer: '/search/blockConstraints/3/blockId', message: 'block fc is named twice' },
      ],
    });
  });

  it('refuse to freeze every block, and take all but one', () => {
    const frozen = IDS.map((blockId) => ({ blockId, policy: 'FREEZE' }) as const);
    expect(failureOf(frozen)).toMatchObject({
      reason: 'FIELD_INVALID',
      violations: [
        {
          pointer: '/search/blockConstraints',
          message: 'all 4 blocks are FREEZE; at least one must be FREE or TRAIN',
        },
      ],
    });
    expect(phenotypeRules(frozen.slice(1), IDS, 'PAPER').blocks).toEqual([FREE, FREEZE, FREEZE, FREEZE]);
  });
});

function failureOf(constraints: readonly BlockConstraint[]): unknown {
  try {
    return phenotypeRules(constraints, IDS, 'PAPER');
  } catch (error) {
    return error;
  }
}

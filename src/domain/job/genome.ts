import { z } from 'zod';
import { SEARCH_MODES, type SearchMode } from '../../methods/search-modes.js';
import type { BlockConstraint } from './block-constraint.js';
import { DomainError, type FieldViolation } from '../errors.js';

const unitInterval = z.number().min(0).max(1);

export const genomeSchema = z
  .strictObject({
    genes: z
      .array(unitInterval)
      .min(1)
      .max(64)
      .readonly()
      .describe('One gene per block of the base model, input side first, each 0 to 1.'),
    threshold: unitInterval.describe('The freezing bar, 0 to 1: a block trains only if its gene is strictly above it.'),
  })
  .meta({ id: 'Genome', description: 'One candidate fine-tuning setup; the paper says genotype.' });
export type Genome = Readonly<z.infer<typeof genomeSchema>>;

/** Whether genomes are the same, bit for bit but for the sign of 0. */
export function equalGenomes(a: Genome, b: Genome): boolean {
  const sameGenes = a.genes.length === b.genes.length && a.genes.every((gene, block) => gene === b.genes[block]);
  return sameGenes && a.threshold === b.threshold;
}

/** What a block may become, whatever its gene says. */
export type BlockRule = Omit<BlockConstraint, 'blockId'>;

/** How the genomes of one search are read; the same for all of them. */
export interface PhenotypeRules {
  /** False: genes say which blocks train, not how fast, as in the paper's public code. */
  readonly usesRateGenes: boolean;
  /** One per block, input side first. */
  readonly blocks: readonly BlockRule[];
}

/**
 * Reads a genome as a training plan: which blocks learn, and how fast.
 *
 * @param genome B genes, one per block, input side first, each in [0, 1].
 * @returns B factors for the base learning rate: 0 for a frozen block, else 10^(2(gene - 0.5)), so in [0.1, 10], or 1 where
 *   rate genes are not used; then moved into the block's bounds.
 * @throws {RangeError} Unless there are as many genes as rules.
 * @see Davila et al., arXiv 2508.15367 (mask S_b and weight W_b).
 */
export function lrMultipliers(genome: Genome, rules: PhenotypeRules): number[] {
  const selected = new Set(selectedBlocks(genome, rules));
  return rules.blocks.map((rule, block) => {
    if (!selected.has(block)) return 0;
    const gene = genome.genes[block] ?? 0;
    return withinBounds(rules.usesRateGenes ? 10 ** (2 * (gene - 0.5)) : 1, rule);
  });
}

/**
 * The blocks that train: those of TRAIN, and those of FREE whose gene is strictly above the threshold.
 *
 * Compares genes alone, no powers of them, so that it is the same on every engine.
 * @returns indices, ascending.
 * @throws {RangeError} Unless there are as many genes as rules.
 */
export function selectedBlocks({ genes, threshold }: Genome, { blocks }: PhenotypeRules): number[] {
  if (genes.length !== blocks.length) throw new RangeError(`${genes.length} genes, rules for ${blocks.length} blocks`);
  return blocks.flatMap(({ policy }, block) =>
    policy === 'TRAIN' || (policy === 'FREE' && (genes[block] ?? 0) > threshold) ? [block] : [],
  );
}

/** Whether at least one block trains; a genome without one costs nothing and has fitness 1. */
export const selectsABlock = (genome: Genome, rules: PhenotypeRules): boolean =>
  selectedBlocks(genome, rules).length > 0;

/**
 * Whether a block's gene can change its multiplier: that of FREE always can, that of FREEZE never; that of TRAIN can unless
 * rate genes are not used, or bounds leave a single multiplier.
 */
export function geneMatters(block: number, { usesRateGenes, blocks }: PhenotypeRules): boolean {
  const rule = blocks[block];
  if (rule?.policy !== 'TRAIN') return rule?.policy === 'FREE';
  return usesRateGenes && withinBounds(LR_MULTIPLIER_MIN, rule) < withinBounds(LR_MULTIPLIER_MAX, rule);
}

/** What genes of 0 and 1 give. */
const [LR_MULTIPLIER_MIN, LR_MULTIPLIER_MAX] = [0.1, 10];

const withinBounds = (multiplier: number, { lrMultiplierMin = 0, lrMultiplierMax = Infinity }: BlockRule): number =>
  Math.min(lrMultiplierMax, Math.max(lrMultiplierMin, multiplier));

/**
 * The rules of a search, from what its caller demands of some blocks; the others are FREE and without bounds.
 *
 * @param constraints Of a request's `search.blockConstraints`, in any order.
 * @param blockIds Those of the base model's partition, input side first.
 * @throws {DomainError} FIELD_INVALID for every unknown block and every block named twice; or when all blocks are frozen.
 */
export function phenotypeRules(
  constraints: readonly BlockConstraint[],
  blockIds: readonly string[],
  mode: SearchMode,
): PhenotypeRules {
  const unknown = (blockId: string) => `block ${blockId} is unknown; known: ${blockIds.join(', ')}`;
  refuse(
    constraints.flatMap(({ blockId }, index) => {
      const pointer = `${CONSTRAINTS_POINTER}/${index}/blockId`;
      if (!blockIds.includes(blockId)) return [{ pointer, message: unknown(blockId), blockId }];
      const isFirst = constraints.findIndex((other) => other.blockId === blockId) === index;
      return isFirst ? [] : [{ pointer, message: `block ${blockId} is named twice`, blockId }];
    }),
  );
  const rules = new Map(constraints.map(({ blockId, ...rule }) => [blockId, rule]));
  const blocks = blockIds.map((blockId): BlockRule => rules.get(blockId) ?? { policy: 'FREE' });
  if (blocks.every(({ policy }) => policy === 'FREEZE')) {
    const message = `all ${blocks.length} blocks are FREEZE; at least one must be FREE or TRAIN`;
    refuse([{ pointer: CONSTRAINTS_POINTER, message, blockId: blockIds.join(', ') }]);
  }
  return { usesRateGenes: SEARCH_MODES[mode].usesRateGenes, blocks };
}

/** Where the constraints stand in the body of a request. */
const CONSTRAINTS_POINTER = '/search/blockConstraints';

function refuse(refused: readonly (FieldViolation & { readonly blockId: string })[]): void {
  if (refused.length === 0) return;
  const described = refused.map(({ message }) => message).join('; ');
  throw new DomainError(
    'FIELD_INVALID',
    `search.blockConstraints: ${described}.`,
    { blockIds: refused.map(({ blockId }) => blockId).join(', ') },
    { violations: refused.map(({ pointer, message }) => ({ pointer, message })) },
  );
}

import { z } from 'zod';
import type { ListScope, MethodCandidate } from './method-definition.js';

export const ratesSchema = z
  .array(z.number().gt(0).max(1))
  .min(1)
  .max(20)
  .refine((list) => new Set(list).size === list.length, { error: 'each rate may be named once' })
  .readonly()
  .describe('The learning rates to try, at most 20, all different, each above 0 and at most 1.');

/** All blocks from `first` on, at each rate. */
export const blocksAtEachRate = (
  { blockCount, baseLearningRate }: ListScope,
  first: number,
  rates: readonly number[],
): MethodCandidate[] =>
  rates.map((rate) => ({
    lrMultipliers: Array.from({ length: blockCount }, (_, block) => (block < first ? 0 : rate / baseLearningRate)),
  }));

import { z } from 'zod';
import type { ListScope } from './method-definition.js';

/** Learning rates to try, all different. */
export const ratesSchema = z
  .array(z.number().gt(0).max(1))
  .min(1)
  .max(20)
  .refine((list) => new Set(list).size === list.length, { error: 'each rate may be named once' })
  .readonly();

/** The multipliers of all blocks from `first` on, at each rate. */
export const blocksAtEachRate = (
  { blockCount, baseLearningRate }: ListScope,
  first: number,
  rates: readonly number[],
): number[][] =>
  rates.map((rate) => Array.from({ length: blockCount }, (_, block) => (block < first ? 0 : rate / baseLearningRate)));

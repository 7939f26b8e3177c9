import { z } from 'zod';
import type { ListScope, MethodDefinition } from '../method-definition.js';
import { blocksAtEachRate, ratesSchema } from '../rates.js';

const settings = z.strictObject({ rates: ratesSchema.default([3e-3, 1e-3, 3e-4]) });

/**
 * The last k blocks, for k = 1..B, at each rate: B times the number of rates, those of k = 1 first. The
 * cheap list that a search has to beat.
 */
export const suffixGrid = {
  id: 'SUFFIX_GRID',
  kind: 'LIST',
  settings: { name: 'suffixGrid', schema: settings },
  candidates: (scope: ListScope, { rates }: z.infer<typeof settings>) => {
    const blocks = Array.from({ length: scope.blockCount }, (_, block) => block);
    return blocks.toReversed().flatMap((first) => blocksAtEachRate(scope, first, rates));
  },
} as const satisfies MethodDefinition;

import { z } from 'zod';
import type { ListScope, MethodDefinition } from '../method-definition.js';
import { blocksAtEachRate, ratesSchema } from '../rates.js';

const settings = z.strictObject({ rates: ratesSchema.default([3e-3, 1e-3, 3e-4]) });

export const suffixGrid = {
  id: 'SUFFIX_GRID',
  kind: 'LIST',
  description:
    'The last k of B blocks, for k = 1 to B, at each of a few learning rates: the cheap list that a ' +
    'search has to beat.',
  settings: { name: 'suffixGrid', schema: settings },
  /** B times the number of rates, those of k = 1 first. */
  candidates: (scope: ListScope, { rates }: z.infer<typeof settings>) => {
    const blocks = Array.from({ length: scope.blockCount }, (_, block) => block);
    return blocks.toReversed().flatMap((first) => blocksAtEachRate(scope, first, rates));
  },
} as const satisfies MethodDefinition;

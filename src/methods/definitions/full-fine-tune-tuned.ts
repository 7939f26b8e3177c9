import { z } from 'zod';
import type { ListScope, MethodDefinition } from '../method-definition.js';
import { blocksAtEachRate, ratesSchema } from '../rates.js';

const settings = z.strictObject({ rates: ratesSchema.default([1e-2, 3e-3, 1e-3, 3e-4, 1e-4]) });

export const fullFineTuneTuned = {
  id: 'FULL_FINE_TUNE_TUNED',
  kind: 'LIST',
  description: 'All blocks, at the learning rate of a short list that does best on validation.',
  settings: { name: 'fullFineTuneTuned', schema: settings },
  candidates: (scope: ListScope, { rates }: z.infer<typeof settings>) => blocksAtEachRate(scope, 0, rates),
} as const satisfies MethodDefinition;

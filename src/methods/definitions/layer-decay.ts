import { z } from 'zod';
import type { MethodDefinition } from '../method-definition.js';

const settings = z.strictObject({
  decay: z
    .number()
    .gt(0)
    .max(1)
    .default(0.75)
    .describe('The factor on the learning rate from a block to the one before it, above 0 and at most 1.'),
});

export const layerDecay = {
  id: 'LAYER_DECAY',
  kind: 'FIXED',
  description:
    'Learning rates fall from the head to the input by one factor a block: decay^(L - l - 1) for block l of L.',
  settings: { name: 'layerDecay', schema: settings },
  multipliers: (blockCount: number, { decay }: z.infer<typeof settings>) =>
    Array.from({ length: blockCount }, (_, block) => decay ** (blockCount - block - 1)),
} as const satisfies MethodDefinition;

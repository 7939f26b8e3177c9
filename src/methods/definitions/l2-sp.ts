import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';

const strength = z.number().min(0).max(100);

/** Pretrained weights are drawn back to where they began, by alpha / 2 times the squared distance; the head to 0, by beta (arXiv 1802.01483). */
export const l2Sp = {
  id: 'L2_SP',
  kind: 'FIXED',
  settings: {
    name: 'l2Sp',
    schema: z.strictObject({
      /** Pull on pretrained weights. */
      alpha: strength.default(0.1),
      /** Pull on the head. */
      beta: strength.default(0.01),
    }),
  },
  technique: { schema: z.strictObject({ type: z.literal('L2_SP'), alpha: strength, beta: strength }) },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';

const strength = z.number().min(0).max(100);

/** As L2_SP, by alpha times the distance of each weight. */
export const l1Sp = {
  id: 'L1_SP',
  kind: 'FIXED',
  settings: {
    name: 'l1Sp',
    schema: z.strictObject({
      /** Pull on pretrained weights. */
      alpha: strength.default(0.001),
      /** Pull on the head. */
      beta: strength.default(0.01),
    }),
  },
  technique: { schema: z.strictObject({ type: z.literal('L1_SP'), alpha: strength, beta: strength }) },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

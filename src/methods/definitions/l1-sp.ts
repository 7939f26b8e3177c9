import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { alpha, beta } from '../pulls.js';
import { techniqueType } from '../technique-type.js';

export const l1Sp = {
  id: 'L1_SP',
  kind: 'FIXED',
  description: 'As L2_SP, by alpha times the distance of each weight.',
  settings: {
    name: 'l1Sp',
    schema: z.strictObject({
      alpha: alpha.default(0.001),
      beta: beta.default(0.01),
    }),
  },
  technique: { schema: z.strictObject({ type: techniqueType('L1_SP'), alpha, beta }) },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

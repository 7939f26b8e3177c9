import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { techniqueType } from '../technique-type.js';

const strength = z.number().min(0).max(100);
const alpha = strength.describe('The pull on pretrained weights, 0 to 100.');
const beta = strength.describe('The pull on the head, 0 to 100.');

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

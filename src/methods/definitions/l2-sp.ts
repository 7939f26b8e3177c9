import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { alpha, beta } from '../pulls.js';
import { techniqueType } from '../technique-type.js';

export const l2Sp = {
  id: 'L2_SP',
  kind: 'FIXED',
  description:
    'Pretrained weights are drawn back to where they began, by alpha / 2 times the squared distance; the ' +
    'head to 0, by beta (arXiv 1802.01483).',
  settings: {
    name: 'l2Sp',
    schema: z.strictObject({
      alpha: alpha.default(0.1),
      beta: beta.default(0.01),
    }),
  },
  technique: { schema: z.strictObject({ type: techniqueType('L2_SP'), alpha, beta }) },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

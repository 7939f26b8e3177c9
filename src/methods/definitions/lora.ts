import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import type { Stage } from '../stage.js';
import { techniqueType } from '../technique-type.js';

const rank = z
  .int()
  .min(1)
  .max(256)
  .describe('The rank of the changes of weights, 1 to 256; a weight that no such change is smaller than stays frozen.');
const alpha = z.number().gt(0).max(1024).describe('The scale of the changes, which is alpha / rank; at most 1024.');

export const lora = {
  id: 'LORA',
  kind: 'FIXED',
  description:
    'A low-rank change of every convolution and linear weight that is larger than the change, beside a ' +
    'head that learns; every BatchNorm and depthwise filter is left frozen (arXiv 2106.09685).',
  settings: {
    name: 'lora',
    schema: z.strictObject({
      rank: rank.default(8),
      alpha: alpha.default(16),
    }),
  },
  technique: {
    schema: z.strictObject({ type: techniqueType('LORA'), rank, alpha }),
    stages: (_: unknown, blocks: Stage) => [{ ...blocks, keepsBatchNormFrozen: true }],
  },
  overrides: { headInit: 'RANDOM' },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

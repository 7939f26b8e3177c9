import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import type { Stage } from '../stage.js';

const rank = z.int().min(1).max(256);
const alpha = z.number().gt(0).max(1024);

/**
 * A low-rank change of every convolution and linear weight, beside a head that learns (arXiv 2106.09685). It leaves every
 * BatchNorm frozen.
 */
export const lora = {
  id: 'LORA',
  kind: 'FIXED',
  settings: {
    name: 'lora',
    schema: z.strictObject({
      /** Changes of weights have this rank, and are scaled by alpha / rank. */
      rank: rank.default(8),
      alpha: alpha.default(16),
    }),
  },
  technique: {
    schema: z.strictObject({ type: z.literal('LORA'), rank, alpha }),
    stages: (_: unknown, blocks: Stage) => [{ ...blocks, keepsBatchNormFrozen: true }],
  },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

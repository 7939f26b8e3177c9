import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import type { Stage } from '../stage.js';

const batchCount = z.int().min(1).max(1000);
const technique = z.strictObject({ type: z.literal('AUTO_RGN'), batchCount });

/** Each tensor's rate by its relative gradient norm, which is taken over some batches before each epoch (arXiv 2210.11466). */
export const autoRgn = {
  id: 'AUTO_RGN',
  kind: 'FIXED',
  settings: {
    name: 'autoRgn',
    schema: z.strictObject({
      /** Batches that gradients are compared over before each epoch. */
      batchCount: batchCount.default(5),
    }),
  },
  technique: {
    schema: technique,
    stages: ({ batchCount: gradientPassBatchCount }: z.infer<typeof technique>, blocks: Stage) => [
      { ...blocks, gradientPassBatchCount },
    ],
  },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

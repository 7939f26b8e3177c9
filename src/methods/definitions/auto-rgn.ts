import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import type { Stage } from '../stage.js';
import { techniqueType } from '../technique-type.js';

const batchCount = z
  .int()
  .min(1)
  .max(1000)
  .describe('The number of batches that gradients are compared over before each epoch, 1 to 1000.');
const technique = z.strictObject({ type: techniqueType('AUTO_RGN'), batchCount });

export const autoRgn = {
  id: 'AUTO_RGN',
  kind: 'FIXED',
  description:
    "Each tensor's rate goes by its relative gradient norm, which is taken over some batches before each " +
    'epoch (arXiv 2210.11466); the classifier has its full rate.',
  settings: {
    name: 'autoRgn',
    schema: z.strictObject({
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

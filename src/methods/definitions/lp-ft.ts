import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { probeOf, type Stage } from '../stage.js';

/** A linear probe, then all blocks from its best head (arXiv 2202.10054). */
export const lpFt = {
  id: 'LP_FT',
  kind: 'FIXED',
  technique: {
    schema: z.strictObject({ type: z.literal('LP_FT') }),
    stages: (_: unknown, blocks: Stage) => [probeOf(blocks), blocks],
  },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { probeOf, type Stage } from '../stage.js';
import { techniqueType } from '../technique-type.js';

export const lpFt = {
  id: 'LP_FT',
  kind: 'FIXED',
  description: 'A linear probe, then all blocks from its best head (arXiv 2202.10054).',
  technique: {
    schema: z.strictObject({ type: techniqueType('LP_FT') }),
    stages: (_: unknown, blocks: Stage) => [probeOf(blocks), blocks],
  },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

import { everyBlock, type MethodDefinition } from '../method-definition.js';

export const lpFt = {
  id: 'LP_FT',
  kind: 'FIXED',
  description: 'A linear probe, then all blocks from its best head (arXiv 2202.10054).',
  overrides: { headInit: 'PROBE' },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

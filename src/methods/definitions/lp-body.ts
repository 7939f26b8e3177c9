import type { MethodDefinition } from '../method-definition.js';

export const lpBody = {
  id: 'LP_BODY',
  kind: 'FIXED',
  description: 'A linear probe, whose head is kept while all blocks before the last learn.',
  overrides: { headInit: 'PROBE' },
  multipliers: (blockCount: number) =>
    Array.from({ length: blockCount }, (_, block) => (block === blockCount - 1 ? 0 : 1)),
} as const satisfies MethodDefinition;

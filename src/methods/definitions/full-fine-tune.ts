import { everyBlock, type MethodDefinition } from '../method-definition.js';

export const fullFineTune = {
  id: 'FULL_FINE_TUNE',
  kind: 'FIXED',
  description: "All blocks at the job's base learning rate.",
  overrides: { headInit: 'RANDOM' },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

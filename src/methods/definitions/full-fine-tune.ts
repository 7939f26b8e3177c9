import { everyBlock, type MethodDefinition } from '../method-definition.js';

/** All blocks at the job's base learning rate. */
export const fullFineTune = {
  id: 'FULL_FINE_TUNE',
  kind: 'FIXED',
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

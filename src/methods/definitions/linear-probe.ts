import { z } from 'zod';
import type { MethodDefinition } from '../method-definition.js';
import { probeOf, type Stage } from '../stage.js';
import { techniqueType } from '../technique-type.js';

export const linearProbe = {
  id: 'LINEAR_PROBE',
  kind: 'FIXED',
  description: 'The classifier alone, on features that are computed once: so BatchNorm and images stay as they are.',
  technique: {
    schema: z.strictObject({ type: techniqueType('LINEAR_PROBE') }),
    stages: (_: unknown, blocks: Stage) => [probeOf(blocks)],
  },
  overrides: { headInit: 'RANDOM', frozenBatchNorm: 'EVAL', augmentation: 'NONE' },
  multipliers: (blockCount: number) =>
    Array.from({ length: blockCount }, (_, block) => (block === blockCount - 1 ? 1 : 0)),
} as const satisfies MethodDefinition;

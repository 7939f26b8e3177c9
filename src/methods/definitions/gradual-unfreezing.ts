import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import type { Stage } from '../stage.js';
import { techniqueType } from '../technique-type.js';

export const gradualUnfreezing = {
  id: 'GRADUAL_UNFREEZING',
  kind: 'FIXED',
  description:
    'The last block for one epoch, then one block more each epoch, then all until nothing improves (arXiv 1801.06146).',
  technique: {
    schema: z.strictObject({ type: techniqueType('GRADUAL_UNFREEZING') }),
    stages: (_: unknown, blocks: Stage) => [...unfreezing(blocks), blocks],
  },
  overrides: { headInit: 'RANDOM' },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

/**
 * One epoch each with the last block that learns, the last two, and so on until one is left. The rate goes on falling from
 * epoch to epoch: ULMFiT has one schedule over all of them.
 */
function unfreezing({ part, lrMultipliers }: Stage): Stage[] {
  const learning = [...lrMultipliers.keys()].filter((block) => (lrMultipliers[block] ?? 0) > 0);
  return learning
    .slice(1)
    .reverse()
    .map((first) => ({
      part,
      lrMultipliers: lrMultipliers.map((factor, block) => (block < first ? 0 : factor)),
      epochCount: 1,
      restartsSchedule: false,
    }));
}

import { z } from 'zod';
import { everyBlock, type MethodDefinition } from '../method-definition.js';
import { techniqueType } from '../technique-type.js';

export const normTune = {
  id: 'NORM_TUNE',
  kind: 'FIXED',
  description:
    'The scales and offsets of every BatchNorm, which uses batch statistics, all biases and the head; every ' +
    'other convolution and linear weight is left frozen (arXiv 1810.10703).',
  technique: { schema: z.strictObject({ type: techniqueType('NORM_TUNE') }) },
  multipliers: everyBlock,
} as const satisfies MethodDefinition;

import type { MethodDefinition } from '../method-definition.js';

export const retrained = {
  id: 'RETRAINED',
  kind: 'RETRAINED',
  description:
    'The method that would be delivered otherwise, trained again with the same seeds on the images of train and validation ' +
    'together, for the median of the best epochs of its finals; so nothing is left to validate it on. No baseline: ' +
    '`finals.retrains` asks for it.',
} as const satisfies MethodDefinition;

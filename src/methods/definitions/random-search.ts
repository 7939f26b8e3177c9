import type { MethodDefinition } from '../method-definition.js';

export const randomSearch = {
  id: 'RANDOM_SEARCH',
  kind: 'RANDOM_GENOMES',
  description: 'As many random genomes as the search has trials.',
} as const satisfies MethodDefinition;

import type { MethodDefinition } from '../method-definition.js';

/** As many random genomes as the search has trials. */
export const randomSearch = { id: 'RANDOM_SEARCH', kind: 'RANDOM_GENOMES' } as const satisfies MethodDefinition;

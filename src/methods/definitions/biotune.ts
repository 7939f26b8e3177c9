import type { MethodDefinition } from '../method-definition.js';

/** The search itself (arXiv 2508.15367): an evolution of genomes, which say what trains and how fast. */
export const biotune = { id: 'BIOTUNE', kind: 'EVOLUTION' } as const satisfies MethodDefinition;

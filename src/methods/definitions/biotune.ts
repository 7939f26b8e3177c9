import type { MethodDefinition } from '../method-definition.js';

export const biotune = {
  id: 'BIOTUNE',
  kind: 'EVOLUTION',
  description: 'The search itself (arXiv 2508.15367): an evolution of genomes, which say what trains and how fast.',
} as const satisfies MethodDefinition;

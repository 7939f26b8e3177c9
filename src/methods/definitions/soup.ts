import type { MethodDefinition } from '../method-definition.js';

export const soup = {
  id: 'SOUP',
  kind: 'SOUP',
  description:
    "The greedy mean of the weights of the search's finalists (arXiv 2203.05482), for each seed that they were told " +
    'apart with; so it is made of the models that chose, and trains none. No baseline: `finals.usesSoup` asks for it.',
} as const satisfies MethodDefinition;

import type { MethodDefinition } from '../method-definition.js';
import { everyBlockAtEachPull, pullSettings, pullTechnique } from '../pulls.js';

export const l1Sp = {
  id: 'L1_SP',
  kind: 'LIST',
  description: 'As L2_SP, by alpha times the distance of each weight.',
  settings: { name: 'l1Sp', schema: pullSettings },
  technique: pullTechnique('L1_SP'),
  candidates: everyBlockAtEachPull,
} as const satisfies MethodDefinition;

import type { MethodDefinition } from '../method-definition.js';
import { everyBlockAtEachPull, pullSettings, pullTechnique } from '../pulls.js';

export const l2Sp = {
  id: 'L2_SP',
  kind: 'LIST',
  description:
    'Pretrained weights are drawn back to where they began, by alpha / 2 times the squared distance; the ' +
    'head to 0, by beta (arXiv 1802.01483). The alpha of a short list that does best on validation counts.',
  settings: { name: 'l2Sp', schema: pullSettings },
  technique: pullTechnique('L2_SP'),
  candidates: everyBlockAtEachPull,
} as const satisfies MethodDefinition;

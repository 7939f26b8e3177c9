import { expect, it } from 'vitest';
import type { StoredTrial } from '../../domain/job/trial.js';
import type { PlannedTrial } from '../../search/search-plan.js';
import { refuseOthers } from './search-replay.js';

const listed: PlannedTrial = {
  phase: 'SEARCH',
  method: 'L2_SP',
  generation: 0,
  slot: 1,
  origin: 'GRID',
  fold: 0,
  lrMultipliers: [1, 1],
  settings: { alpha: 0.1 },
};
const evolved: PlannedTrial = { ...listed, method: 'BIOTUNE', genes: [0.7, 0.2], threshold: 0.5, settings: {} };

const stored = (planned: PlannedTrial, changes: Partial<StoredTrial> = {}): StoredTrial => ({
  id: 'trl_1',
  jobId: 'ftj_1',
  state: 'QUEUED',
  createTime: new Date(0),
  ...planned,
  ...changes,
});

it('takes the trial that it has planned; multipliers of genomes may differ', () => {
  expect(() => refuseOthers([listed], [stored(listed)])).not.toThrow();
  expect(() => refuseOthers([evolved], [stored(evolved, { lrMultipliers: [1, 2] })])).not.toThrow();
});

it.each<[string, PlannedTrial, Partial<StoredTrial>]>([
  ['multipliers', listed, { lrMultipliers: [1, 2] }],
  ['genes', evolved, { genes: [0.7, 0.3] }],
  ['threshold', evolved, { threshold: 0.4 }],
  ['settings', listed, { settings: { alpha: 0.2 } }],
  ['settings, which are none', listed, { settings: {} }],
])('refuses one of other %s', (_, planned, changes) => {
  const refused = expect.objectContaining({ reason: 'REPLAY_DIVERGED' }) as Error;
  expect(() => refuseOthers([planned], [stored(planned, changes)])).toThrow(refused);
});

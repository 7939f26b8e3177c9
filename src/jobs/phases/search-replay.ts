import { canonicalJson } from '../../domain/canonical-json.js';
import { DomainError } from '../../domain/errors.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import { placeOf } from '../../search/history.js';
import type { PlannedTrial } from '../../search/search-plan.js';

/** @throws {DomainError} REPLAY_DIVERGED when another trial stands in the place of a planned one. */
export function refuseOthers(planned: readonly PlannedTrial[], stored: readonly StoredTrial[]): void {
  const places = new Map(stored.map((trial) => [placeOf(trial), trial]));
  for (const trial of planned) {
    const found = places.get(placeOf(trial));
    if (found === undefined) throw new Error(`no trial of ${trial.method} stands in ${placeOf(trial)}`);
    if (!isEqual(trial, found)) throw diverged(trial, found);
  }
}

/** Multipliers of a genome are powers, whose last bit another engine may give otherwise. */
function isEqual(planned: PlannedTrial, { genes = [], threshold, lrMultipliers, settings }: StoredTrial): boolean {
  const [ours, theirs] = planned.genes === undefined ? [planned.lrMultipliers, lrMultipliers] : [planned.genes, genes];
  return (
    planned.threshold === threshold &&
    canonicalJson(planned.settings ?? {}) === canonicalJson(settings ?? {}) &&
    ours.length === theirs.length &&
    ours.every((value, index) => value === theirs[index])
  );
}

const described = ({
  genes,
  threshold,
  lrMultipliers,
  settings,
}: Pick<PlannedTrial, 'genes' | 'threshold' | 'lrMultipliers' | 'settings'>) =>
  JSON.stringify({ genes, threshold, lrMultipliers, settings });

function diverged(planned: PlannedTrial, found: StoredTrial): DomainError {
  const { method, generation, slot } = planned;
  const [stored, now] = [described(found), described(planned)];
  return new DomainError(
    'REPLAY_DIVERGED',
    `${method} generation ${generation} slot ${slot} holds ${stored}; the search now plans ${now}.`,
    { method, generation: String(generation), slot: String(slot), stored, planned: now },
  );
}

/** The error of a trial that is to go on, though it was dropped. */
export function wasPruned({ method, generation, slot, pruning }: StoredTrial): DomainError {
  const stored = JSON.stringify(pruning);
  return new DomainError(
    'REPLAY_DIVERGED',
    `${method} generation ${generation} slot ${slot} was dropped (${stored}); the search now plans to go on with it.`,
    { method, generation: String(generation), slot: String(slot), stored, planned: 'PROMOTED' },
  );
}

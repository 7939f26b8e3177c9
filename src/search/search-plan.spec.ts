import { expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import { SEARCH_MODE_NAMES, SEARCH_MODES } from '../methods/search-modes.js';
import { plannedTrials, searchConfig, type SearchScope } from './search-plan.js';

const BLOCKS = [{ id: 'stem' }, { id: 'head' }];

/** A job of a mode, with what it takes from earlier ones. */
function scopeOf(
  search: object,
  earlier: Partial<Pick<SearchScope['spec'], 'warmStartCandidates' | 'priorCandidates'>> = {},
): SearchScope {
  const request = createFineTuneJobSchema.parse({ baseModel: 'a', dataset: 's3://bucket/prefix', search });
  const spec = {
    ...request,
    search: { ...request.search, seed: 1 },
    data: { ...request.data, imageSizePx: 224 },
    reproducibility: 'RECORDED' as const,
    output: { model: 'm' },
    warmStartGenomes: [],
    warmStartCandidates: [],
    priorCandidates: [],
    ...earlier,
  };
  return { spec, blocks: BLOCKS };
}

it.each(SEARCH_MODE_NAMES)('a search is evolved, and its genomes are read, by the rules of %s', (mode) => {
  const config = searchConfig(scopeOf({ biotune: { mode } }));
  expect(config.evolution).toEqual(SEARCH_MODES[mode].evolution);
  expect(config.rules.usesRateGenes).toBe(SEARCH_MODES[mode].usesRateGenes);
});

it('an accelerated search begins with what the caller gives, named jobs, and then priors', () => {
  const search = {
    biotune: { mode: 'ACCELERATED' },
    priors: 'PROJECT',
    initialGenomes: [{ genes: [0.65, 0], threshold: 0.5 }],
  };
  const trials = plannedTrials(
    scopeOf(search, {
      priorCandidates: [{ job: 'found', distance: 0, lrMultipliers: [3, 0] }],
      warmStartCandidates: [{ job: 'named', lrMultipliers: [0.5, 0] }],
    }),
    'BIOTUNE',
    [],
  );
  expect(trials.slice(0, 4).map(({ origin, lrMultipliers }) => ({ origin, lrMultipliers }))).toMatchObject([
    { origin: 'ENQUEUED', lrMultipliers: [2, 0] },
    { origin: 'WARM_START', lrMultipliers: [0.5, 0] },
    { origin: 'PRIOR', lrMultipliers: [3, 0] },
    { origin: 'ANCHOR' },
  ]);
});

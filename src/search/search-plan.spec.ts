import { describe, expect, it } from 'vitest';
import { storedTrial } from '../../test/fixtures/stored-trial.js';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import type { SearchingMethod } from '../methods/method-table.js';
import { SEARCH_MODE_NAMES, SEARCH_MODES } from '../methods/search-modes.js';
import { nextTrials, type PlannedTrial, searchConfig, type SearchedTrial, type SearchScope } from './search-plan.js';

function scopeOf(search: object, objectiveValuesOf: SearchScope['objectiveValuesOf'] = () => ({})): SearchScope {
  const request = createFineTuneJobSchema.parse({
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { seed: 1, ...search },
    baselines: ['RANDOM_SEARCH'],
  });
  return {
    spec: {
      ...request,
      search: { ...request.search, seed: 1 },
      data: { ...request.data, imageSizePx: 224 },
      training: { ...request.training, frozenBatchNorm: 'EVAL', headInit: 'RANDOM' },
      reproducibility: 'RECORDED',
      output: { model: 'm' },
      warmStartGenomes: [],
      warmStartCandidates: [],
      priorCandidates: [],
    },
    blocks: [{ id: 'stem' }, { id: 'middle' }, { id: 'head' }],
    objectiveValuesOf,
  };
}

const plannedTrials = (scope: SearchScope, method: SearchingMethod, trials: readonly SearchedTrial[]) =>
  nextTrials(scope, method, trials).trials;

it.each(SEARCH_MODE_NAMES)('a search is evolved, and its genomes are read, by the rules of %s', (mode) => {
  const config = searchConfig(scopeOf({ biotune: { mode } }));
  expect(config.evolution).toEqual(SEARCH_MODES[mode].evolution);
  expect(config.rules.usesRateGenes).toBe(SEARCH_MODES[mode].usesRateGenes);
});

describe('an accelerated search', () => {
  const biotune = { mode: 'ACCELERATED' };
  const space = { epochCount: { min: 2, max: 5 }, imageSizePx: [96, 224] };

  it('plans trials that set what its space leaves open, and reads them again', () => {
    const scope = scopeOf({ biotune, space });
    const first = plannedTrials(scope, 'BIOTUNE', []);
    expect(first[0]).toMatchObject({ origin: 'ANCHOR', settings: { epochCount: 5, imageSizePx: 224 } });
    const second = plannedTrials(scope, 'BIOTUNE', first.map(stored));
    expect(second).toHaveLength(3);
    expect(second.every(({ settings }) => settings?.epochCount !== undefined)).toBe(true);
    const others = first.map((trial) => stored({ ...trial, settings: { epochCount: 3, imageSizePx: 224 } }));
    expect(() => plannedTrials(scope, 'BIOTUNE', others)).toThrow(
      expect.objectContaining({ reason: 'REPLAY_DIVERGED' }),
    );
  });

  it('draws the open settings of a random search too', () => {
    const drawn = plannedTrials(scopeOf({ biotune, space }), 'RANDOM_SEARCH', []);
    expect(new Set(drawn.map(({ settings }) => settings?.imageSizePx))).toEqual(new Set([96, 224]));
  });

  it('plans trials without settings where nothing is open', () => {
    for (const method of ['BIOTUNE', 'RANDOM_SEARCH'] as const) {
      for (const trial of plannedTrials(scopeOf({ biotune }), method, [])) expect(trial).not.toHaveProperty('settings');
    }
  });

  it('asks what candidates come to only where objectives are named', () => {
    const asked: unknown[] = [];
    const count: SearchScope['objectiveValuesOf'] = (candidate) => {
      asked.push(candidate);
      return { trainedParameterCount: 1 };
    };
    const trials = plannedTrials(scopeOf({ biotune }), 'BIOTUNE', []).map(stored);
    plannedTrials(scopeOf({ biotune }, count), 'BIOTUNE', trials);
    expect(asked).toHaveLength(0);
    plannedTrials(scopeOf({ biotune, objectives: ['TRAINED_PARAMETERS'] }, count), 'BIOTUNE', trials);
    expect(asked).toHaveLength(trials.length);
  });

  const stored = (trial: PlannedTrial): SearchedTrial => ({
    ...storedTrial(trial, (trial.slot + 1) / 10),
    losses: [],
  });

  it('begins with what the caller gives, named jobs, and then priors', () => {
    const initialGenomes = [{ genes: [0.65, 0, 0], threshold: 0.5 }];
    const scope = scopeOf({ biotune, priors: 'PROJECT', initialGenomes });
    const earlier = {
      priorCandidates: [{ job: 'found', distance: 0, lrMultipliers: [3, 0, 0] }],
      warmStartCandidates: [{ job: 'named', lrMultipliers: [0.5, 0, 0] }],
    };
    const trials = plannedTrials({ ...scope, spec: { ...scope.spec, ...earlier } }, 'BIOTUNE', []);
    expect(trials.slice(0, 4).map(({ origin, lrMultipliers }) => ({ origin, lrMultipliers }))).toMatchObject([
      { origin: 'ENQUEUED', lrMultipliers: [2, 0, 0] },
      { origin: 'WARM_START', lrMultipliers: [0.5, 0, 0] },
      { origin: 'PRIOR', lrMultipliers: [3, 0, 0] },
      { origin: 'ANCHOR' },
    ]);
  });
});

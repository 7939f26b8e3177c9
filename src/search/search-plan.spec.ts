import { expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import { SEARCH_MODE_NAMES, SEARCH_MODES } from '../methods/search-modes.js';
import { searchConfig } from './search-plan.js';

it.each(SEARCH_MODE_NAMES)('a search is evolved, and its genomes are read, by the rules of %s', (mode) => {
  const request = createFineTuneJobSchema.parse({
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { seed: 1, biotune: { mode } },
  });
  const config = searchConfig({
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
    blocks: [{ id: 'stem' }, { id: 'head' }],
  });
  expect(config.evolution).toEqual(SEARCH_MODES[mode].evolution);
  expect(config.rules.usesRateGenes).toBe(SEARCH_MODES[mode].usesRateGenes);
});

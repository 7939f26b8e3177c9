import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from '../domain/create-fine-tune-job.js';
import { METHODS, methodSettingsSchema, SEARCHING_METHODS } from '../domain/method.js';
import { fixedMultipliers, methodsOf, searchingMethodsOf, techniqueOf } from './methods.js';

const settings = methodSettingsSchema.parse({ lora: { rank: 4 }, layerDecay: { decay: 0.5 } });
const specOf = (job: object) => {
  const request = createFineTuneJobSchema.parse({ baseModel: 'a', dataset: 's3://bucket/prefix', ...job });
  return { ...request, search: { ...request.search, seed: 1 } };
};

describe('the methods of a job', () => {
  it('are its search, then its baselines', () => {
    expect(methodsOf(specOf({ baselines: ['LORA', 'SUFFIX_GRID'] }))).toEqual(['BIOTUNE', 'LORA', 'SUFFIX_GRID']);
    expect(searchingMethodsOf(specOf({ baselines: ['LORA', 'SUFFIX_GRID'] }))).toEqual(['BIOTUNE', 'SUFFIX_GRID']);
  });

  it('are the baselines alone without a search', () => {
    expect(methodsOf(specOf({ search: { type: 'NONE' }, baselines: ['L2_SP'] }))).toEqual(['L2_SP']);
  });
});

it('gives each method its technique, with the settings of the job', () => {
  expect(techniqueOf('LORA', settings)).toEqual({ type: 'LORA', rank: 4, alpha: 16 });
  expect(techniqueOf('AUTO_RGN', settings)).toEqual({ type: 'AUTO_RGN', batchCount: 5 });
  expect(techniqueOf('L1_SP', settings)).toEqual({ type: 'L1_SP', alpha: 0.001, beta: 0.01 });
  const ofItsOwn = METHODS.filter((method) => techniqueOf(method, settings).type === method);
  expect(ofItsOwn).toEqual(['LINEAR_PROBE', 'LP_FT', 'GRADUAL_UNFREEZING', 'AUTO_RGN', 'LORA', 'L2_SP', 'L1_SP']);
  for (const method of ['LAYER_DECAY', 'FULL_FINE_TUNE', ...SEARCHING_METHODS] as const) {
    expect(techniqueOf(method, settings)).toEqual({ type: 'BLOCKS' });
  }
});

it('trains the last block alone in a probe, rates that fall to the input in a decay, and else all blocks alike', () => {
  expect(fixedMultipliers('LINEAR_PROBE', 3, settings)).toEqual([0, 0, 1]);
  expect(fixedMultipliers('LAYER_DECAY', 3, settings)).toEqual([0.25, 0.5, 1]);
  expect(fixedMultipliers('LORA', 3, settings)).toEqual([1, 1, 1]);
});

import { describe, expect, it } from 'vitest';
import { SEARCH_MODE_NAMES } from '../../methods/search-modes.js';
import { createFineTuneJobSchema } from './create-fine-tune-job.js';
import { figureOf, fitnessOf, judgedFigure, validationFigure, worstFitness } from './evaluation.js';

const found = {
  validationLoss: 2,
  validationAccuracy: 0.25,
  validationMacroAccuracy: 0.5,
  validationMacroF1: 0.75,
};

describe('an objective', () => {
  it.each([
    ['MACRO_ACCURACY', 0, 0.5, 0.5],
    ['ACCURACY', 0, 0.25, 0.75],
    ['MACRO_F1', 0, 0.75, 0.25],
    ['ACCURACY', 0.125, 0, 1],
    ['LOSS', 0, -2, 2],
    ['LOSS', 1, -2, 2],
  ] as const)('of %s with %f of the loss', (fitness, lossWeight, figure, expected) => {
    const objective = { fitness, lossWeight };
    expect(figureOf(found, objective)).toBe(figure);
    expect(fitnessOf(figure, objective)).toBe(expected);
  });

  it('has a share of the validation to tell, also where it goes by the loss', () => {
    expect(validationFigure(found, judgedFigure('MACRO_F1'))).toBe(0.75);
    expect(validationFigure(found, judgedFigure('LOSS'))).toBe(0.25);
  });

  it.each([
    ['MACRO_ACCURACY', 0],
    ['ACCURACY', 0.5],
    ['LOSS', 0],
  ] as const)('holds nothing for worse than what cannot be trained: %s, %f', (fitness, lossWeight) => {
    const objective = { fitness, lossWeight };
    const hopeless = { validationLoss: 1e6, validationAccuracy: 0, validationMacroAccuracy: 0, validationMacroF1: 0 };
    expect(fitnessOf(figureOf(hopeless, objective), objective)).toBe(worstFitness(objective));
  });
});

const parse = (request: object) =>
  createFineTuneJobSchema.safeParse({ baseModel: 'a', dataset: 's3://bucket/prefix', ...request });

const refusalsOf = (request: object) =>
  (parse(request).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

const ofMode = (mode: string) => ({ search: { biotune: { mode } } });

describe('evaluation.division', () => {
  it.each(SEARCH_MODE_NAMES)('is FIXED in %s where the request is silent', (mode) => {
    expect(parse(ofMode(mode)).data?.evaluation.division).toBe('FIXED');
  });

  it.each([2, 10])('may be REDIVIDED in ACCELERATED with %i trainings of a candidate', (seedCount) => {
    const request = { ...ofMode('ACCELERATED'), evaluation: { division: 'REDIVIDED', seedCount } };
    expect(parse(request).data?.evaluation).toMatchObject({ division: 'REDIVIDED', seedCount });
  });

  const withoutSearch = { ...ofMode('ACCELERATED').search, type: 'NONE' };
  it.each([
    ['PAPER', ofMode('PAPER'), { seedCount: 3 }, /it is of mode ACCELERATED, and search.biotune.mode is PAPER: leave/],
    [
      'PAPER_FAST',
      ofMode('PAPER_FAST'),
      { seedCount: 2 },
      /is of mode ACCELERATED, .*mode is PAPER_FAST: leave it out/,
    ],
    ['CODE_COMPAT', ofMode('CODE_COMPAT'), {}, /is of mode ACCELERATED, .*mode is CODE_COMPAT: leave it out/],
    [
      'no search',
      { search: withoutSearch, baselines: ['LP_FT'] },
      { seedCount: 2 },
      /nothing searches here: leave it out/,
    ],
    ['one training', ofMode('ACCELERATED'), {}, /at least 2, and evaluation.seedCount is 1: raise seedCount, or/],
    [
      'a part of the images',
      { search: withoutSearch, baselines: ['SUFFIX_GRID'], data: { searchFraction: 0.5 } },
      { seedCount: 2 },
      /takes all images, and data.searchFraction is 0.5: leave one of them out/,
    ],
  ])('is refused as REDIVIDED with %s', (_, request, evaluation, message) => {
    const refusals = refusalsOf({ ...request, evaluation: { ...evaluation, division: 'REDIVIDED' } });
    expect(refusals).toEqual([expect.stringMatching(message)]);
    expect(refusals[0]).toMatch(/^evaluation\.division: /);
    expect(refusalsOf({ ...request, evaluation })).toEqual([]);
  });
});

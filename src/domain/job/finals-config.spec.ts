import { describe, expect, it } from 'vitest';
import { SEARCH_MODE_NAMES } from '../../methods/search-modes.js';
import { createFineTuneJobSchema } from './create-fine-tune-job.js';

const parse = (request: object) =>
  createFineTuneJobSchema.safeParse({ baseModel: 'a', dataset: 's3://bucket/prefix', ...request });

const refusalsOf = (request: object) =>
  (parse(request).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

const accelerated = { search: { biotune: { mode: 'ACCELERATED' } } };

describe('finals.usesSoup', () => {
  it.each(SEARCH_MODE_NAMES)('is of ACCELERATED alone where a request of %s is silent', (mode) => {
    expect(parse({ search: { biotune: { mode } } }).data?.finals.usesSoup).toBe(mode === 'ACCELERATED');
  });

  it.each([
    ['without a search', { search: { ...accelerated.search, type: 'NONE' } }],
    ['with one finalist', { ...accelerated, finals: { finalistCount: 1 } }],
    ['where the delivered method is retrained', { ...accelerated, finals: { retrains: true } }],
  ])('is false %s, where the request is silent', (_, request) => {
    expect(parse(request).data?.finals.usesSoup).toBe(false);
  });

  it.each([true, false])('is %s in ACCELERATED where that is asked for', (usesSoup) => {
    expect(parse({ ...accelerated, finals: { usesSoup } }).data?.finals.usesSoup).toBe(usesSoup);
  });

  it.each([
    ['a mode of the paper', { search: { biotune: { mode: 'PAPER_FAST' } } }, {}, /mode is PAPER_FAST: leave it out/],
    ['no search', { search: { ...accelerated.search, type: 'NONE' } }, {}, /search.type is NONE: leave it out/],
    ['one finalist', accelerated, { finalistCount: 1 }, /finalistCount is 1: leave it out, or raise/],
  ])('is refused with %s', (_, request, finals, message) => {
    const refusals = refusalsOf({ ...request, finals: { ...finals, usesSoup: true } });
    expect(refusals).toEqual([expect.stringMatching(message)]);
    expect(refusals[0]).toMatch(/^finals\.usesSoup: /);
    expect(refusalsOf({ ...request, finals })).toEqual([]);
  });

  it('makes no baseline of SOUP', () => {
    expect(refusalsOf({ baselines: ['SOUP'] })).toHaveLength(1);
  });
});

describe('finals.retrains', () => {
  it.each(SEARCH_MODE_NAMES)('is false in %s where the request is silent, and may be asked for', (mode) => {
    const search = { biotune: { mode } };
    expect(parse({ search }).data?.finals.retrains).toBe(false);
    expect(parse({ search, finals: { retrains: true } }).data?.finals.retrains).toBe(true);
  });

  it('may be asked for without a search', () => {
    expect(refusalsOf({ search: { type: 'NONE' }, finals: { retrains: true } })).toEqual([]);
  });

  it('is refused together with a soup', () => {
    expect(refusalsOf({ ...accelerated, finals: { usesSoup: true, retrains: true } })).toEqual([
      'finals.retrains: retrains is true, and usesSoup too: a soup has no epochs that could be repeated on all images: leave one of them out',
    ]);
  });

  it('makes no baseline of RETRAINED', () => {
    expect(refusalsOf({ baselines: ['RETRAINED'] })).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import {
  BASELINES,
  isSearching,
  METHOD_TABLE,
  METHODS,
  methodOf,
  methodSettingsSchema,
  RETRAINED_METHOD,
  SEARCH_METHOD,
  SEARCHING_METHODS,
  SOUP_METHOD,
  takesGenomes,
  techniqueSchema,
} from './method-table.js';

describe('the table of methods', () => {
  it('names each method once, the search first, and last those that are made of others and no baselines', () => {
    expect(new Set(METHODS).size).toBe(METHOD_TABLE.length);
    expect(METHODS).toEqual([SEARCH_METHOD, ...BASELINES, SOUP_METHOD, RETRAINED_METHOD]);
  });

  it('tells methods that try candidates, and of these those of genomes, from the others', () => {
    expect(SEARCHING_METHODS).toEqual([
      'BIOTUNE',
      'FULL_FINE_TUNE_TUNED',
      'L2_SP',
      'L1_SP',
      'RANDOM_SEARCH',
      'SUFFIX_GRID',
    ]);
    expect(METHODS.filter(isSearching)).toEqual(SEARCHING_METHODS);
    expect(METHODS.filter(takesGenomes)).toEqual(['BIOTUNE', 'RANDOM_SEARCH']);
  });

  it('has one search', () => {
    expect(METHOD_TABLE.filter(({ kind }) => kind === 'EVOLUTION').map(({ id }) => id)).toEqual([SEARCH_METHOD]);
  });

  it('gives the definition of a method', () => {
    for (const method of METHODS) expect(methodOf(method).id).toBe(method);
  });
});

it('settings have a default everywhere, and refuse what no method has', () => {
  expect(methodSettingsSchema.parse({ lora: { rank: 4 } })).toEqual({
    fullFineTuneTuned: { rates: [1e-2, 3e-3, 1e-3, 3e-4, 1e-4] },
    autoRgn: { batchCount: 5 },
    lora: { rank: 4, alpha: 16 },
    l2Sp: { alphas: [1, 0.1, 0.01, 0.001], beta: 0.01 },
    l1Sp: { alphas: [1, 0.1, 0.01, 0.001], beta: 0.01 },
    layerDecay: { decay: 0.75 },
    suffixGrid: { rates: [3e-3, 1e-3, 3e-4] },
  });
  expect(methodSettingsSchema.safeParse({ lora: { rank: 0 } }).success).toBe(false);
  expect(methodSettingsSchema.safeParse({ suffixGrid: { rates: [1e-3, 1e-3] } }).success).toBe(false);
  for (const alphas of [[], [0.1, 0.1], [-1], [101], Array.from({ length: 21 }, (_, place) => place)]) {
    expect(methodSettingsSchema.safeParse({ l2Sp: { alphas } }).success, alphas.join()).toBe(false);
  }
  expect(methodSettingsSchema.safeParse({ l1Sp: { alpha: 0.1 } }).success).toBe(false);
  expect(methodSettingsSchema.safeParse({ other: {} }).success).toBe(false);
});

it('a technique says all that it needs, and nothing of another', () => {
  expect(techniqueSchema.safeParse({ type: 'BLOCKS' }).success).toBe(true);
  expect(techniqueSchema.safeParse({ type: 'LORA', rank: 4, alpha: 16 }).success).toBe(true);
  expect(techniqueSchema.safeParse({ type: 'LORA', rank: 4 }).success).toBe(false);
  expect(techniqueSchema.safeParse({ type: 'LINEAR_PROBE', rank: 4 }).success).toBe(false);
  expect(techniqueSchema.safeParse({ type: 'LAYER_DECAY' }).success).toBe(false);
});

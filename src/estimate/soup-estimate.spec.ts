import { expect, it } from 'vitest';
import { estimateSoup } from './soup-estimate.js';
import type { NetworkCosts } from './training-estimate.js';

const costsOf = (...forwards: number[]): NetworkCosts => {
  const blocks = forwards.map((forward) => ({ forward, firstLayer: 0, ofWeights: new Map<string, number>() }));
  const [first = { forward: 0, firstLayer: 0, ofWeights: new Map<string, number>() }] = blocks;
  return { blocks, probe: [first, first], hasBatchNorm: [], specs: [] };
};

it('counts a look at the validation images for each mean', () => {
  expect(estimateSoup([costsOf(2, 3)], 3, 20)).toBe(5 * 3 * 20);
});

it('is the mean over the image sizes', () => {
  expect(estimateSoup([costsOf(5), costsOf(20)], 2, 1)).toBe(12.5 * 2);
});

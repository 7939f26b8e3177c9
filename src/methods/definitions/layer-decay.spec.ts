import { expect, it } from 'vitest';
import { layerDecay } from './layer-decay.js';

it('is decay^(L - l - 1): 1 for the last block', () => {
  expect(layerDecay.multipliers(4, { decay: 0.5 })).toEqual([0.125, 0.25, 0.5, 1]);
  expect(layerDecay.multipliers(3, { decay: 1 })).toEqual([1, 1, 1]);
});

import { expect, it } from 'vitest';
import { fullFineTuneTuned } from './full-fine-tune-tuned.js';

it('trains all blocks at each rate', () => {
  const candidates = fullFineTuneTuned.candidates({ blockCount: 2, baseLearningRate: 0.5 }, { rates: [4, 1, 0.25] });
  expect(candidates).toEqual([{ lrMultipliers: [8, 8] }, { lrMultipliers: [2, 2] }, { lrMultipliers: [0.5, 0.5] }]);
});

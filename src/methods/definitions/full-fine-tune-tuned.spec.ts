import { expect, it } from 'vitest';
import { fullFineTuneTuned } from './full-fine-tune-tuned.js';

it('trains all blocks at each rate', () => {
  const candidates = fullFineTuneTuned.candidates({ blockCount: 2, baseLearningRate: 0.5 }, { rates: [4, 1, 0.25] });
  expect(candidates).toEqual([
    [8, 8],
    [2, 2],
    [0.5, 0.5],
  ]);
});

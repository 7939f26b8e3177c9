import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import { openStream } from '../rng.js';
import { candidateAt, drawCandidate, keyOf, trains } from './candidate.js';

const rules: BlockRule[] = Array.from({ length: 3 }, () => ({ policy: 'FREE' }));
const settings = {
  space: { epochCount: { min: 5, max: 20 }, augmentation: [], imageSizePx: [], batchSize: [] },
  defaults: { epochCount: 30, baseLearningRate: 1e-3 },
};

describe('the name of a candidate', () => {
  it('is that of another with the same rates and settings, in whatever order these are', () => {
    const one = { lrMultipliers: [1, 0], settings: { epochCount: 5, batchSize: 8 } };
    const same = { lrMultipliers: [1, 0], settings: { batchSize: 8, epochCount: 5 } };
    expect(keyOf(one)).toBe(keyOf(same));
  });

  it('differs where a rate or a setting does', () => {
    const names = [
      { lrMultipliers: [1, 0] },
      { lrMultipliers: [1, 0.3] },
      { lrMultipliers: [1, 0], settings: { epochCount: 5 } },
      { lrMultipliers: [1, 0], settings: { epochCount: 6 } },
    ].map(keyOf);
    expect(new Set(names).size).toBe(4);
  });
});

it('a candidate that is given has the settings of training and data, moved into the space', () => {
  expect(candidateAt([0, 9, 0], { rules, settings })).toEqual({
    lrMultipliers: [0, 6, 0],
    settings: { epochCount: 20 },
  });
});

it('a candidate is drawn with the rates that it has without settings', () => {
  const stream = () => openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot: 0 });
  const [plain, drawn] = [drawCandidate({ rules }, stream()), drawCandidate({ rules, settings }, stream())];
  expect(plain).not.toHaveProperty('settings');
  expect(drawn.lrMultipliers).toEqual(plain.lrMultipliers);
  expect(drawn.settings?.epochCount).toBeGreaterThanOrEqual(5);
});

it('a candidate trains something unless all of its rates are 0, whatever its settings', () => {
  expect(trains({ lrMultipliers: [0, 0.3] })).toBe(true);
  expect(trains({ lrMultipliers: [0, 0], settings: { epochCount: 5 } })).toBe(false);
});

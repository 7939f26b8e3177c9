import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import { openStream } from '../rng.js';
import { candidateAt, candidateOf, drawCandidate, keyOf, trains } from './candidate.js';

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
      { lrMultipliers: [1, 0], settings: { normTuning: { blocks: [0] } } },
    ].map(keyOf);
    expect(new Set(names).size).toBe(5);
  });
});

describe('a candidate whose blocks may train with their norms and biases alone', () => {
  const scripted = (...draws: number[]) => ({ next: () => draws.shift() ?? NaN });
  const space = { rules, usesNormState: true };
  /** The first block is frozen, the second trains at 1, and the head learns. */
  const RATES = [0.4, 0.5, 0.6, 0.5, 0.8, 0, 0.9];

  it.each([
    [
      'alone, below a chance of 1/2',
      [0, 0.49, 0],
      { lrMultipliers: [0, 0.949, 1], settings: { normTuning: { blocks: [1] } } },
    ],
    ['whole, from there on', [0, 0.5, 0], { lrMultipliers: [0, 0.949, 1] }],
  ])('is drawn with its rates first, and then a state of each block: %s', (_, states, expected) => {
    expect(drawCandidate(space, scripted(...RATES, ...states))).toEqual(expected);
  });

  it('draws settings before states, so that it has the settings that it has without', () => {
    const drawn = drawCandidate({ ...space, settings }, scripted(...RATES, 0, 0, 0, 0));
    expect(drawn.settings).toEqual({ epochCount: 5, normTuning: { blocks: [1] } });
  });

  it('takes no draw for states where they are not asked for', () => {
    const draws = [...RATES, 0, 0, 0];
    drawCandidate({ rules }, { next: () => draws.shift() ?? NaN });
    expect(draws).toEqual([0, 0, 0]);
  });

  it('trains a block whole that the caller demands, and the head, and has no state of a frozen block', () => {
    const demanded: BlockRule[] = [{ policy: 'FREE' }, { policy: 'TRAIN' }, ...rules];
    const rates = [1, 1, 0, 1, 1];
    const blocks = { rates, norms: rates.map(() => true), usesGradientRates: false };
    expect(candidateOf(blocks, undefined, { rules: demanded })).toEqual({
      lrMultipliers: rates,
      settings: { normTuning: { blocks: [0, 3] } },
    });
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

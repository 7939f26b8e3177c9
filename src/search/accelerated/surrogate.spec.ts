import { describe, expect, it } from 'vitest';
import { Surrogate } from './surrogate.js';

/** The loss falls with block 0, and with its rate; block 1 does nothing. */
const fitnessOf = ([first = 0]: readonly number[]) => 0.5 - (first > 0 ? 0.2 + 0.05 * Math.log2(first) : 0);
const tried = [
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 0],
  [0.5, 1],
  [0, 2],
].map((lrMultipliers) => ({ candidate: { lrMultipliers }, fitness: fitnessOf(lrMultipliers) }));

describe('the surrogate', () => {
  it('orders candidates as the fitnesses that it has seen', () => {
    const surrogate = new Surrogate(tried, {});
    const expected = (candidate: readonly number[]) => surrogate.expect({ lrMultipliers: candidate }).fitness;
    const [frozen, slow, fast] = [expected([0, 1]), expected([0.6, 1]), expected([2, 1])];
    expect(fast).toBeLessThan(slow);
    expect(slow).toBeLessThan(frozen);
  });

  it('is less sure of what is unlike anything that was tried', () => {
    const surrogate = new Surrogate(tried, {});
    expect(surrogate.expect({ lrMultipliers: [6, 6] }).deviation).toBeGreaterThan(
      surrogate.expect({ lrMultipliers: [1, 1] }).deviation,
    );
  });

  it('says the mean, and no more, of what does not differ', () => {
    const same = [
      [1, 0],
      [0, 1],
    ].map((lrMultipliers) => ({ candidate: { lrMultipliers }, fitness: 0.25 }));
    expect(new Surrogate(same, {}).expect({ lrMultipliers: [2, 2] }).fitness).toBe(0.25);
  });

  it('solves the normal equations of the ridge regression', () => {
    // Features of one frozen and one trained block of a single block: [1, 0, 0] and [1, 1, 0]; standardised targets ±1.
    const surrogate = new Surrogate(
      [
        { candidate: { lrMultipliers: [0] }, fitness: 1 },
        { candidate: { lrMultipliers: [1] }, fitness: 0 },
      ],
      {},
    );
    // With noise n and prior p: precision [[2/n + p, 1/n], [1/n, 1/n + p]], pulled [0, -1/n].
    const [n, p] = [0.49, 4];
    const determinant = (2 / n + p) * (1 / n + p) - 1 / n ** 2;
    const level = 1 / n ** 2 / determinant;
    const slope = (-(2 / n + p) * (1 / n)) / determinant;
    expect(surrogate.expect({ lrMultipliers: [0] }).fitness).toBeCloseTo(0.5 + 0.5 * level, 12);
    expect(surrogate.expect({ lrMultipliers: [1] }).fitness).toBeCloseTo(0.5 + 0.5 * (level + slope), 12);
    expect(surrogate.expect({ lrMultipliers: [0] }).deviation).toBeCloseTo(
      0.5 * Math.sqrt((1 / n + p) / determinant),
      12,
    );
  });

  it('learns what it does to a block that its norms and biases alone train, where that is open', () => {
    const at = (...blocks: number[]) => ({ lrMultipliers: [1, 1], settings: { normTuning: { blocks } } });
    const lessons = [
      { candidate: { lrMultipliers: [1, 1] }, fitness: 0.5 },
      { candidate: at(0), fitness: 0.3 },
      { candidate: at(1), fitness: 0.7 },
    ];
    const [knowing, ignorant] = [{ usesNormState: true }, {}].map((space) => new Surrogate(lessons, space));
    const expected = (surrogate: Surrogate | undefined, ...blocks: number[]) =>
      surrogate?.expect(at(...blocks)).fitness ?? NaN;
    expect(expected(knowing, 0)).toBeLessThan(expected(knowing, 0, 1));
    expect(expected(knowing, 0, 1)).toBeLessThan(expected(knowing, 1));
    expect(expected(ignorant, 0)).toBe(expected(ignorant, 1));
  });

  it('learns what rates by gradients do, where there is such a pick', () => {
    const at = (usesGradientRates: boolean) => ({
      lrMultipliers: [1],
      ...(usesGradientRates && { settings: { usesGradientRates } }),
    });
    const lessons = [true, false].map((isPick) => ({ candidate: at(isPick), fitness: isPick ? 0.3 : 0.5 }));
    const surrogate = new Surrogate(lessons, { usesGradientPick: true });
    expect(surrogate.expect(at(true)).fitness).toBeLessThan(surrogate.expect(at(false)).fitness);
  });

  it('learns what open settings do, between values and for each choice', () => {
    const settings = {
      space: {
        weightDecay: { min: 1e-4, max: 1 },
        augmentation: ['NONE', 'LIGHT', 'STANDARD'] as const,
        imageSizePx: [],
        batchSize: [],
      },
      defaults: {},
    };
    const at = (weightDecay: number, augmentation: 'NONE' | 'LIGHT' | 'STANDARD') => ({
      lrMultipliers: [1],
      settings: { weightDecay, augmentation },
    });
    const surrogate = new Surrogate(
      [
        { candidate: at(1e-4, 'NONE'), fitness: 0.5 },
        { candidate: at(1, 'NONE'), fitness: 0.7 },
        { candidate: at(1e-4, 'LIGHT'), fitness: 0.3 },
        { candidate: at(1, 'LIGHT'), fitness: 0.5 },
      ],
      { settings },
    );
    const expected = (...of: Parameters<typeof at>) => surrogate.expect(at(...of)).fitness;
    expect(expected(1e-4, 'NONE')).toBeLessThan(expected(1e-2, 'NONE'));
    expect(expected(1e-2, 'NONE')).toBeLessThan(expected(1, 'NONE'));
    expect(expected(1e-2, 'LIGHT')).toBeLessThan(expected(1e-2, 'STANDARD'));
    expect(expected(1e-2, 'STANDARD')).toBeLessThan(expected(1e-2, 'NONE'));
  });
});

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
].map((candidate) => ({ candidate, fitness: fitnessOf(candidate) }));

describe('the surrogate', () => {
  it('orders candidates as the fitnesses that it has seen', () => {
    const surrogate = new Surrogate(tried);
    const expected = (candidate: readonly number[]) => surrogate.expect(candidate).fitness;
    const [frozen, slow, fast] = [expected([0, 1]), expected([0.6, 1]), expected([2, 1])];
    expect(fast).toBeLessThan(slow);
    expect(slow).toBeLessThan(frozen);
  });

  it('is less sure of what is unlike anything that was tried', () => {
    const surrogate = new Surrogate(tried);
    expect(surrogate.expect([6, 6]).deviation).toBeGreaterThan(surrogate.expect([1, 1]).deviation);
  });

  it('says the mean, and no more, of what does not differ', () => {
    const same = [
      [1, 0],
      [0, 1],
    ].map((candidate) => ({ candidate, fitness: 0.25 }));
    expect(new Surrogate(same).expect([2, 2]).fitness).toBe(0.25);
  });

  it('solves the normal equations of the ridge regression', () => {
    // Features of one frozen and one trained block of a single block: [1, 0, 0] and [1, 1, 0]; standardised targets ±1.
    const surrogate = new Surrogate([
      { candidate: [0], fitness: 1 },
      { candidate: [1], fitness: 0 },
    ]);
    // With noise n and prior p: precision [[2/n + p, 1/n], [1/n, 1/n + p]], pulled [0, -1/n].
    const [n, p] = [0.49, 4];
    const determinant = (2 / n + p) * (1 / n + p) - 1 / n ** 2;
    const level = 1 / n ** 2 / determinant;
    const slope = (-(2 / n + p) * (1 / n)) / determinant;
    expect(surrogate.expect([0]).fitness).toBeCloseTo(0.5 + 0.5 * level, 12);
    expect(surrogate.expect([1]).fitness).toBeCloseTo(0.5 + 0.5 * (level + slope), 12);
    expect(surrogate.expect([0]).deviation).toBeCloseTo(0.5 * Math.sqrt((1 / n + p) / determinant), 12);
  });
});

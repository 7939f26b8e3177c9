import { describe, expect, it } from 'vitest';
import { type Rng, openStream } from '../rng.js';
import { mutate, mutationRate } from './mutation.js';

const scripted = (...draws: number[]): Rng => ({
  next: () => draws.shift() ?? expect.unreachable('more draws than scripted'),
});
const LAST_BELOW_ONE = 1 - 2 ** -53;

describe('mutationRate', () => {
  it.each([1, 2, 7, 15])('is 1 / n at extinction probability 0, of %d', (n) => expect(mutationRate(0, n)).toBe(1 / n));
  it.each([1, 2, 7, 15])('is 1 at extinction probability 1, of %d', (n) => expect(mutationRate(1, n)).toBe(1));
  it('is (rho (n - 1) + 1) / n in between', () => expect(mutationRate(0.5, 4)).toBe(0.625));
});

describe('mutate', () => {
  it('moves a value by U[-1, 1) times the extinction probability, with its chance', () => {
    // rate of three values at 0.5 is 2/3: the first gene moves by -0.5·0.5, the second stays, the threshold moves by 0.5·0.5
    const child = mutate({ genes: [0.5, 0.6], threshold: 0.25 }, 0.5, scripted(0.6, 0.25, 0.7, 0.6, 0.75));
    expect(child).toEqual({ genes: [0.25, 0.6], threshold: 0.5 });
  });

  it('moves everything at extinction probability 1', () => {
    const genome = { genes: [0.5, 0.5], threshold: 0.5 };
    const draws = scripted(LAST_BELOW_ONE, 0.75, LAST_BELOW_ONE, 0.25, LAST_BELOW_ONE, 0.625);
    expect(mutate(genome, 1, draws)).toEqual({ genes: [1, 0], threshold: 0.75 });
  });

  it('moves nothing at extinction probability 0, though it draws steps', () => {
    const genome = { genes: [0.1, 0.2, 0.3], threshold: 0.4 };
    expect(mutate(genome, 0, scripted(0, 0.9, 0.3, 0.2, 0, 0.1, 0.7))).toEqual(genome);
  });

  it('counts the threshold as one of the n values', () => {
    // 0.3 is below 1/3 but not below 1/4: two genes and the threshold are three values, three genes four
    const moved = (genes: number[]) => mutate({ genes, threshold: 0.5 }, 0, scripted(...genes.map(() => 0.3), 0.3));
    expect(() => moved([0.1, 0.2])).toThrow('more draws than scripted');
    expect(moved([0.1, 0.2, 0.3]).genes).toEqual([0.1, 0.2, 0.3]);
  });

  it('clips to [0, 1]', () => {
    const child = mutate({ genes: [0.9], threshold: 0.1 }, 1, scripted(0, 0.9, 0, 0.1));
    expect(child).toEqual({ genes: [1], threshold: 0 });
  });

  it('mutates about one value in n for the best parents', () => {
    const rng = openStream({ seed: 1, purpose: 'OFFSPRING', generation: 1, slot: 0 });
    let drawCount = 0;
    const counted = { next: () => ((drawCount += 1), rng.next()) };
    for (let i = 0; i < 10_000; i += 1) mutate({ genes: [0.5, 0.5, 0.5], threshold: 0.5 }, 0, counted);
    expect((drawCount - 40_000) / 40_000).toBeCloseTo(1 / 4, 2);
  });
});

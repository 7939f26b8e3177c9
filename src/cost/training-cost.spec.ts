import { describe, expect, it } from 'vitest';
import { stageCost, trainingCost } from './training-cost.js';

/** F = 100, 50, 10 and f = 7, 5, 10. */
const COSTS = [
  { forward: 100, firstLayer: 7, ofWeights: new Map([['a', 100]]) },
  { forward: 50, firstLayer: 5, ofWeights: new Map(Object.entries({ b: 30, c: 20 })) },
  { forward: 10, firstLayer: 10, ofWeights: new Map([['d', 10]]) },
];
const IMAGES = { train: 1000, validation: 200 };
const parts = (...isTrained: boolean[]) => COSTS.map((cost, index) => ({ cost, isTrained: isTrained[index] ?? false }));

describe('trainingCost', () => {
  it('is epochs times training and validation images', () => {
    const stage = { parts: parts(false, true, true), isPrefixCached: false, epochCount: 3 };
    const training = 160 + (60 - 5) + 60;
    expect(trainingCost([stage], IMAGES)).toBe(3 * (1000 * training + 200 * 160));
  });

  it('charges a training for its own features, once for every image', () => {
    const stage = { parts: parts(false, true, false), isPrefixCached: true, epochCount: 3 };
    const training = 60 + (60 - 5) + 50;
    expect(trainingCost([stage], IMAGES)).toBe(3 * (1000 * training + 200 * 60) + 1200 * 100);
  });

  it('adds up the stages, each with its features', () => {
    const probe = { parts: parts(false, false, true), isPrefixCached: true, epochCount: 5 };
    const full = { parts: parts(true, true, true), isPrefixCached: true, epochCount: 2 };
    const probeCost = 5 * (1000 * (10 + 0 + 10) + 200 * 10) + 1200 * 150;
    const fullCost = 2 * (1000 * (3 * 160 - 7) + 200 * 160);
    expect(trainingCost([probe, full], IMAGES)).toBe(probeCost + fullCost);
    expect(trainingCost([probe, probe], IMAGES)).toBe(2 * probeCost);
  });

  it('counts images in every epoch whose gradients are taken beside the steps', () => {
    const stage = { parts: parts(true, true, true), isPrefixCached: false, epochCount: 4 };
    const extra = trainingCost([{ ...stage, gradientPassImageCount: 60 }], IMAGES) - trainingCost([stage], IMAGES);
    expect(extra).toBe(4 * 60 * (3 * 160 - 7));
  });

  it('takes no gradient of weights that are frozen in a part that is trained', () => {
    const [first, second, third] = parts(true, true, true);
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three parts');
    const stage = { isPrefixCached: false, epochCount: 1 };
    const costOf = (...frozen: string[][]) => {
      const whole = [first, second, third].map((part, index) => ({ ...part, frozenWeights: frozen[index] ?? [] }));
      return trainingCost([{ ...stage, parts: whole }], { train: 1, validation: 0 });
    };
    expect(costOf([], ['b'])).toBe(3 * 160 - 7 - 30);
    expect(costOf(['a'], ['b', 'c'])).toBe(160 + (160 - 7) + 10);
  });

  it('is exact to 15 digits beyond 2^53', () => {
    const cost = { forward: 19_632_062_464, firstLayer: 86_704_128, ofWeights: new Map<string, number>() };
    const stage = { parts: [{ cost, isTrained: true }], isPrefixCached: false, epochCount: 97 };
    const images = { train: 1_281_167, validation: 50_001 };
    const training = 3n * BigInt(cost.forward) - BigInt(cost.firstLayer);
    const exact = 97n * (BigInt(images.train) * training + BigInt(images.validation) * BigInt(cost.forward));
    expect(exact).toBeGreaterThan(2n ** 53n);
    expect(Math.abs(Number(BigInt(trainingCost([stage], images)) - exact))).toBeLessThan(1e-15 * Number(exact));
  });

  it('has no figure for a stage that trains nothing', () => {
    const stage = { parts: parts(false, false, false), isPrefixCached: true, epochCount: 1 };
    expect(() => trainingCost([stage], IMAGES)).toThrow(RangeError);
  });
});

it('a stage may be estimated from mean costs', () => {
  const costs = { training: 2.5, validation: 0.75, prefix: 0.25 };
  expect(stageCost(costs, { epochCount: 10 }, IMAGES)).toBe(10 * (2500 + 150) + 300);
});

import { describe, expect, it } from 'vitest';
import { normal } from '../../test/fixtures/normal.js';
import { randomStream, type RandomStream } from '../random/random-stream.js';
import clothing from '../../bench/results/search-clothing-10.json' with { type: 'json' };
import fashion from '../../bench/results/search-fashion-small.json' with { type: 'json' };
import { mean } from './mean.js';
import {
  ASSUMED_DISAGREEMENT,
  ASSUMED_SEED_DEVIATION,
  type ClassSize,
  macroSize,
  resolvableDifference,
} from './resolvable-difference.js';
import { pooledSeedDeviation } from './seed-deviation.js';

const COMPARISON_COUNT = 8000;
const DEVIATION = 0.01;

/** Two candidates, of which one alone is right on some images; on the rest both are right with the chance 0.85. */
interface World {
  readonly imageCount: number;
  readonly seedCount: number;
  /** Share of images that only A, or only B, gets right, whatever the seed. */
  readonly onlyA: number;
  readonly onlyB: number;
}

/**
 * The difference of accuracies that one comparison sees. A training of seed s is right on an image of the rest if that is
 * easier than 0.85 plus a shift of its own, which moves its accuracy over all images by N(0, σ²).
 */
function comparison({ imageCount, seedCount, onlyA, onlyB }: World, draw: RandomStream): number {
  const rest = 1 - onlyA - onlyB;
  const bounds = () => Array.from({ length: seedCount }, () => 0.85 + (DEVIATION * normal(draw)) / rest);
  const [a, b] = [bounds(), bounds()];
  let difference = 0;
  for (let image = 0; image < imageCount; image++) {
    const place = draw();
    const difficulty = draw();
    const rightCount = (seeds: readonly number[]) => seeds.filter((bound) => difficulty < bound).length;
    if (place < onlyA) difference += seedCount;
    else if (place < onlyA + onlyB) difference -= seedCount;
    else difference += rightCount(a) - rightCount(b);
  }
  return difference / seedCount / imageCount;
}

/** Share of images on which two trainings of the world differ: also by their shifts, E|N(0, 2σ²)| = 2σ / √π. */
const disagreementIn = ({ onlyA, onlyB }: World) => onlyA + onlyB + (2 * DEVIATION) / Math.sqrt(Math.PI);

function shareBeyondResolvable(world: World, key: string): number {
  const draw = randomStream(key);
  const bound = resolvableDifference({
    ...world,
    disagreement: disagreementIn(world),
    seedDeviation: DEVIATION,
    imageStep: 1 / world.imageCount,
  });
  const seen = Array.from({ length: COMPARISON_COUNT }, () => comparison(world, draw));
  return seen.filter((difference) => Math.abs(difference) > bound).length / COMPARISON_COUNT;
}

describe('resolvableDifference', () => {
  it.each([
    [200, 1, 0.06],
    [200, 3, 0.06],
    [800, 1, 0.07],
    [800, 3, 0.07],
    [800, 3, 0.1],
  ])(
    'is not exceeded by nineteen of twenty equal candidates: %i images, %i seeds, %f right alone',
    (imageCount, seedCount, only) => {
      const world = { imageCount, seedCount, onlyA: only, onlyB: only };
      const share = shareBeyondResolvable(world, `coverage/${imageCount}/${seedCount}/${only}`);
      expect(share).toBeGreaterThan(0.04);
      expect(share).toBeLessThan(0.06);
    },
  );

  it('is seen in every other comparison of candidates that differ by it', () => {
    const equal = { imageCount: 400, seedCount: 3, onlyA: 0.07, onlyB: 0.07 };
    const size = { ...equal, disagreement: disagreementIn(equal), seedDeviation: DEVIATION, imageStep: 1 / 400 };
    const half = resolvableDifference(size) / 2;
    const share = shareBeyondResolvable({ ...equal, onlyA: 0.07 + half, onlyB: 0.07 - half }, 'power');
    expect(Math.abs(share - 0.5)).toBeLessThan(0.03);
  });

  it('is safe where candidates hardly differ but by their seeds', () => {
    const share = shareBeyondResolvable({ imageCount: 800, seedCount: 3, onlyA: 0.01, onlyB: 0.01 }, 'seeds');
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.05);
  });

  it('is safe where seeds differ image by image', () => {
    const draw = randomStream('flicker');
    const rightCount = () => Array.from({ length: 3 }, () => draw()).filter((value) => value < 0.85).length;
    const bound = resolvableDifference({
      imageCount: 200,
      seedCount: 3,
      disagreement: 2 * 0.85 * 0.15,
      seedDeviation: 0,
      imageStep: 1 / 200,
    });
    let beyond = 0;
    for (let done = 0; done < 1000; done++) {
      let difference = 0;
      for (let image = 0; image < 200; image++) difference += rightCount() - rightCount();
      if (Math.abs(difference / 3 / 200) > bound) beyond += 1;
    }
    expect(beyond / 1000).toBeLessThan(0.01);
  });

  it('is 1.96 times the root of both parts', () => {
    const size = { imageCount: 500, seedCount: 2, disagreement: 0.2, seedDeviation: 0.03, imageStep: 1 / 500 };
    expect(resolvableDifference(size)).toBeCloseTo(1.96 * Math.sqrt(0.0004 + 0.0009), 5);
  });

  it('is never below what one image can show', () => {
    const agreeing = { imageCount: 40, seedCount: 3, disagreement: 0, seedDeviation: 0 };
    expect(resolvableDifference({ ...agreeing, imageStep: 1 / 40 })).toBe(1 / 40);
    expect(resolvableDifference({ ...agreeing, imageStep: 0.1 })).toBe(0.1);
  });
});

describe('macroSize', () => {
  it('is that of all images where classes are equal', () => {
    const classes = Array.from({ length: 4 }, () => ({ imageCount: 25, disagreement: 0.2 }));
    const found = macroSize(classes);
    expect(found.imageCount).toBeCloseTo(100, 10);
    expect(found.disagreement).toBeCloseTo(0.2, 12);
  });

  it('counts as few images as a mean over unequal classes is known from', () => {
    const even = (count: number): ClassSize => ({ imageCount: count, disagreement: 0.2 });
    expect(macroSize([even(10), even(90)]).imageCount).toBeCloseTo(4 / (1 / 10 + 1 / 90), 10);
    expect(macroSize([even(10), { imageCount: 90, disagreement: 0 }]).imageCount).toBeCloseTo(2 * 10, 10);
    const agreeing = [10, 90].map((imageCount) => ({ imageCount, disagreement: 0 }));
    expect(macroSize(agreeing)).toEqual({ imageCount: 4 / (1 / 10 + 1 / 90), disagreement: 0 });
  });

  it('gives a bound that nineteen of twenty equal candidates keep, whose classes are unequal', () => {
    const draw = randomStream('macro');
    // Of each class, on a share of images one of the two alone is right, either with the same chance.
    const classes = [
      { imageCount: 120, disagreement: 0.1 },
      { imageCount: 60, disagreement: 0.2 },
      { imageCount: 20, disagreement: 0.4 },
    ];
    const bound = resolvableDifference({ ...macroSize(classes), seedCount: 1, seedDeviation: 0, imageStep: 0 });
    const differenceIn = ({ imageCount, disagreement }: ClassSize) => {
      const images = Array.from({ length: imageCount }, () => (draw() < disagreement ? Math.sign(draw() - 0.5) : 0));
      return mean(images);
    };
    const seen = Array.from({ length: COMPARISON_COUNT }, () => Math.abs(mean(classes.map(differenceIn))));
    const share = seen.filter((difference) => difference > bound).length / COMPARISON_COUNT;
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.06);
  });
});

describe('the assumptions', () => {
  const benchmarks = [clothing, fashion];

  it('take the disagreement that was measured', () => {
    const measured = mean(benchmarks.map(({ resolution }) => resolution.disagreement));
    expect(Math.abs(ASSUMED_DISAGREEMENT - measured)).toBeLessThan(0.005);
  });

  it('take the deviation between the seeds of the methods that were measured', () => {
    const groups = benchmarks.flatMap(({ rows }) => {
      const methods = [...new Set(rows.map(({ method }) => method))];
      const figures = methods.map((method) =>
        rows.filter((row) => row.method === method).map((row) => row.macroAccuracy),
      );
      // A tuned rate that is the usual one has the rows of full fine-tuning again.
      return [...new Map(figures.map((group) => [group.join(), group])).values()];
    });
    expect(groups).toHaveLength(20);
    expect(Math.abs(ASSUMED_SEED_DEVIATION - (pooledSeedDeviation(groups) ?? NaN))).toBeLessThan(0.0005);
  });
});

import { describe, expect, it } from 'vitest';
import { choosePooled, poolPredictions } from './pooled-choice.js';

const resampling = { key: 'pooled', yieldNow: () => Promise.resolve() };

/** A training that validated on these images, all of class 0, and has these wrong. */
const trained = (images: readonly number[], wrong: readonly number[] = []) => ({
  images,
  labels: images.map(() => 0),
  predictions: images.map((image) => (wrong.includes(image) ? 1 : 0)),
});

describe('poolPredictions', () => {
  it('puts the parts side by side, each image with the prediction of its own training', () => {
    expect(poolPredictions([trained([0, 3]), trained([1, 4], [4]), trained([2, 5], [2])], 3)).toEqual({
      images: [0, 3, 1, 4, 2, 5],
      labels: [0, 0, 0, 0, 0, 0],
      predictions: [[0, 0, 0, 1, 1, 0]],
    });
  });

  it('has a list for each round of the seeds; a part with one seed fewer repeats its first', () => {
    const seeds = [trained([0], [0]), trained([1]), trained([0]), trained([1], [1]), trained([0])];
    expect(poolPredictions(seeds, 2)).toMatchObject({
      images: [0, 1],
      predictions: [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
    });
  });

  it('has a list for each seed where all validated on the same images', () => {
    const seeds = [trained([0, 1]), trained([0, 1], [1])];
    expect(poolPredictions(seeds, 1)).toMatchObject({
      images: [0, 1],
      predictions: [
        [0, 0],
        [0, 1],
      ],
    });
  });

  it('covers the parts that there are seeds for', () => {
    expect(poolPredictions([trained([0]), trained([1])], 6).images).toEqual([0, 1]);
  });
});

describe('choosePooled', () => {
  const images = Array.from({ length: 200 }, (_, image) => image);
  const even = images.filter((image) => image % 2 === 0);
  const odd = images.filter((image) => image % 2 === 1);
  const contender = (name: string, costs: readonly number[], wrongCount: number) => {
    const wrong = images.slice(0, wrongCount);
    return { name, costs, bySeed: [trained(even, wrong), trained(odd, wrong)] };
  };
  const comparison = { partCount: 2, classCount: 2, figure: 'ACCURACY', resampling } as const;

  it('takes the mean cost of the trainings, not their number or their sum', async () => {
    // One image in 200 parts them, and √0.005 / √200 is 0.005.
    const dear = contender('dear', [4, 4], 10);
    const cheap = contender('cheap', [1, 5], 11);
    expect((await choosePooled([dear, cheap], comparison)).delivered.name).toBe('cheap');
    const costly = contender('costly', [1, 9], 11);
    expect((await choosePooled([dear, costly], comparison)).delivered.name).toBe('dear');
  });

  it('does not compare contenders on different images', async () => {
    const other = { name: 'other', costs: [1, 1], bySeed: [trained(even), trained(even)] };
    await expect(choosePooled([contender('one', [1, 1], 3), other], comparison)).rejects.toThrow(
      'other and one were validated on different images',
    );
  });
});

import { expect, it } from 'vitest';
import { randomStream } from '../random/random-stream.js';
import { classFigures, type ClassFigures, perFigure } from './class-figures.js';
import { mean } from './mean.js';
import { sampledFigures } from './resampling.js';
import { pooledSeedDeviation } from './seed-deviation.js';
import { ScoredTestSet } from './test-set.js';

const CLASS_COUNT = 3;
const LABELS = Int32Array.from({ length: 60 }, (_, at) => (at < 40 ? 0 : at < 55 ? 1 : 2));

/** Predictions that are right with the given chance, else any class. */
function drawnPredictions(skill: number): Int32Array {
  const draw = randomStream(`skill/${skill}`);
  return LABELS.map((label) => (draw() < skill ? label : Math.floor(draw() * CLASS_COUNT)));
}

/** The figures on some images, counted one by one. */
function figuresOn(images: readonly number[], predictions: Int32Array): ClassFigures {
  const count = (isCounted: (image: number, index: number) => boolean) =>
    Int32Array.from({ length: CLASS_COUNT }, (_, index) => images.filter((image) => isCounted(image, index)).length);
  return classFigures({
    images: count((image, index) => LABELS[image] === index),
    predictions: count((image, index) => predictions[image] === index),
    right: count((image, index) => LABELS[image] === index && predictions[image] === index),
  });
}

const METHODS = [[0.4, 0.6, 0.8].map(drawnPredictions), [drawnPredictions(0.5)]];
const FIGURES = ['accuracy', 'macroAccuracy', 'macroF1'] as const;
const deviation = (values: readonly number[]) => pooledSeedDeviation([values]) ?? NaN;
const sampled = () =>
  sampledFigures(new ScoredTestSet({ labels: LABELS, classCount: CLASS_COUNT }, METHODS), {
    key: 'sampled',
    yieldNow: () => Promise.resolve(),
  });

it('gives the figures of each seed as they are', async () => {
  const found = await sampled();
  const images = [...LABELS.keys()];
  for (const [method, seeds] of METHODS.entries()) {
    for (const name of FIGURES) {
      const expected = seeds.map((predictions) => figuresOn(images, predictions)[name]);
      for (const [seed, value] of expected.entries()) expect(found[method]?.[name].bySeed[seed]).toBeCloseTo(value, 12);
    }
  }
});

it('resamples as a plain loop over images does, with the seeds as they are', async () => {
  const found = await sampled();
  const draw = randomStream('plain loop');
  const resamples = Array.from({ length: 4000 }, () => {
    const images = Array.from(LABELS, () => Math.floor(draw() * LABELS.length));
    return METHODS.map((seeds) => {
      const bySeed = seeds.map((predictions) => figuresOn(images, predictions));
      return perFigure((name) => mean(bySeed.map((figures) => figures[name])));
    });
  });
  for (const name of FIGURES) {
    const expected = METHODS.map((_, method) => resamples.map((figures) => figures[method]?.[name] ?? NaN));
    const values = METHODS.map((_, method) => found[method]?.[name].resampled ?? []);
    const difference = ([a = [], b = []]: readonly (readonly number[])[]) => a.map((x, index) => x - (b[index] ?? NaN));
    // A deviation of 1,000 values has a standard error of 2.2 %.
    for (const method of METHODS.keys()) {
      const ratio = deviation(values[method] ?? []) / deviation(expected[method] ?? []);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.07);
    }
    expect(Math.abs(deviation(difference(values)) / deviation(difference(expected)) - 1)).toBeLessThan(0.07);
  }
});

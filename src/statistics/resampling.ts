import { randomStream } from '../random/random-stream.js';
import { type ClassFigures, type PerFigure, perFigure } from './class-figures.js';
import { mean } from './mean.js';
import type { ScoredTestSet } from './test-set.js';

/** How a bootstrap is run. */
export interface Resampling {
  /** Names the draws: the same key gives the same interval. */
  readonly key: string;
  /** Awaited between pieces of work of some 10 ms, so that a caller can let others run. */
  readonly yieldNow: () => Promise<void>;
}

/** The number of resamples; a standard deviation of so many values is known to 2.2 %. */
export const RESAMPLE_COUNT = 1000;

/** Draws of images and visits of kinds; one takes some 10 nanoseconds. */
const PIECE_LENGTH = 1_000_000;

/** One figure of a method, as it is and as it might have been. */
export interface FigureSample {
  /** On the images as they are, one per seed. */
  readonly bySeed: readonly number[];
  /** On test sets as they might have been: means over the seeds, one per resample. */
  readonly resampled: readonly number[];
}

/**
 * The figures of each method on the test set, and on resamples of it: as many images, drawn with replacement. The seeds are
 * held as they are; what others would have changed is not the images' to tell.
 *
 * @returns One per method; all methods have the same images in the same resample.
 */
export async function sampledFigures(test: ScoredTestSet, resampling: Resampling): Promise<PerFigure<FigureSample>[]> {
  const resampled = await resampledMeans(test, resampling);
  return test.figures().map((seeds, method) =>
    perFigure((name) => ({
      bySeed: seeds.map((figures) => figures[name]),
      resampled: resampled[method]?.map((figures) => figures[name]) ?? [],
    })),
  );
}

async function resampledMeans(test: ScoredTestSet, { key, yieldNow }: Resampling): Promise<ClassFigures[][]> {
  const draw = randomStream(key);
  const means: ClassFigures[][] = test.figures().map(() => []);
  let visitCount = 0;
  for (let resample = 0; resample < RESAMPLE_COUNT; resample++) {
    const weights = test.weightsOf(() => Math.floor(draw() * test.imageCount));
    for (const [method, seeds] of test.figures(weights).entries()) {
      means[method]?.push(perFigure((name) => mean(seeds.map((figures) => figures[name]))));
    }
    visitCount += test.visitCount;
    if (visitCount < PIECE_LENGTH) continue;
    visitCount = 0;
    await yieldNow();
  }
  return means;
}

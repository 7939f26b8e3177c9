import { randomStream, type RandomStream } from '../random/random-stream.js';
import type { ClassFigures } from './class-figures.js';
import type { ScoredTestSet, Weights } from './test-set.js';

/** How a bootstrap is run. */
export interface Resampling {
  /** Names the draws: the same key gives the same interval. */
  readonly key: string;
  /** Awaited between pieces of work of some 10 ms, so that a caller can let others run. */
  readonly yieldNow: () => Promise<void>;
}

/** The number of resamples; beyond each end of a 95 % interval lie 50 of them. */
export const RESAMPLE_COUNT = 2000;

/** Draws and visits of images; one takes some nanoseconds. */
const PIECE_LENGTH = 1_000_000;

/**
 * The figures of each method on test sets as they might have been: as many images, drawn with replacement.
 *
 * Two levels: a method's seeds are drawn in the same way, apart from the images. What is said of a method is to hold for a
 * training with any seed, so the choice of seeds is as random as that of images. One seed is always drawn again: then the
 * figures speak of that training alone. And of few seeds the spread is understated, its variance by the factor (S - 1) / S.
 *
 * @returns One list per method: its figures in each resample; all methods have the same images in the same resample.
 */
export async function resampledFigures(test: ScoredTestSet, { key, yieldNow }: Resampling): Promise<ClassFigures[][]> {
  const draw = randomStream(key);
  const { imageCount, seedCounts } = test;
  const visitsPerResample = imageCount * (2 + seedCounts.reduce((sum, count) => sum + count, 0));
  const figures: ClassFigures[][] = seedCounts.map(() => []);
  let visits = 0;
  for (let resample = 0; resample < RESAMPLE_COUNT; resample++) {
    const images = drawnCounts(imageCount, draw);
    const seeds = seedCounts.map((count) => drawnCounts(count, draw));
    for (const [method, found] of test.figures(images, seeds).entries()) figures[method]?.push(found);
    visits += visitsPerResample;
    if (visits < PIECE_LENGTH) continue;
    visits = 0;
    await yieldNow();
  }
  return figures;
}

/** The figures on the images as they are, all seeds alike. */
export function observedFigures(test: ScoredTestSet): ClassFigures[] {
  const once = (count: number) => new Int32Array(count).fill(1);
  return test.figures(once(test.imageCount), test.seedCounts.map(once));
}

/** How often each of `count` things is drawn in `count` draws with replacement. */
function drawnCounts(count: number, draw: RandomStream): Weights {
  const counts = new Int32Array(count);
  for (let done = 0; done < count; done++) {
    const index = Math.floor(draw() * count);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

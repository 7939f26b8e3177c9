import type { JudgedFigure } from '../domain/job/evaluation.js';
import { mean } from '../statistics/mean.js';
import { type FigureSample, type Resampling, sampledFigures } from '../statistics/resampling.js';
import { type MethodPredictions, ScoredTestSet, type TestSet } from '../statistics/test-set.js';
import { differenceOf, standardErrorOf } from '../statistics/uncertain-figure.js';
import { FIGURES } from './figures.js';

/** What might be delivered. */
export interface Contender {
  /** The name in `reason`, such as LP_FT. */
  readonly name: string;
  /** What it costs, in a unit that all share. */
  readonly cost: number;
  /** What its trainings take the images for; one list where all predictions are pooled. */
  readonly predictions: MethodPredictions;
}

/** What is delivered, and why. */
export interface DeliveryChoice {
  readonly delivered: Contender;
  /** The best by the figure; the cheapest of those that are level. */
  readonly best: Contender;
  /** All contenders, the best by the figure first. */
  readonly ranked: readonly Contender[];
  /** The best's figure less the delivered one's, and the paired standard error of that: fractions, both 0 if they are one. */
  readonly difference: number;
  readonly standardError: number;
  /** The choice in a sentence. */
  readonly reason: string;
}

/**
 * Chooses the cheapest contender that is within one paired standard error of the best: what costs more has to show that it is
 * better. Of equal costs the better one is taken, then the earlier.
 *
 * The standard error is that of the difference on the same images, which methods that fail on the same ones have small,
 * whatever the errors of the single figures are. It has the variance between trainings too, where there are several.
 *
 * @param contenders At least one.
 * @param images Images that no contender was fitted to; all have predictions for each.
 * @throws {RangeError} without contenders, and as `ScoredTestSet` does.
 * @see Breiman et al., Classification and Regression Trees (1984), section 3.4.3: the one-standard-error rule.
 */
export async function chooseDelivery(
  contenders: readonly Contender[],
  images: TestSet,
  figure: JudgedFigure,
  resampling: Resampling,
): Promise<DeliveryChoice> {
  const scored = new ScoredTestSet(
    images,
    contenders.map(({ predictions }) => predictions),
  );
  const samples = await sampledFigures(scored, resampling);
  const ranked = contenders
    .flatMap((contender, index) => {
      const sample = samples[index]?.[FIGURES[figure].key];
      return sample === undefined ? [] : [{ contender, sample, value: mean(sample.bySeed) }];
    })
    .sort((a, b) => b.value - a.value || a.contender.cost - b.contender.cost);
  const [best] = ranked;
  const [delivered] = ranked
    .map(({ contender, sample }) => ({ contender, ...lagOf(best?.sample ?? sample, sample) }))
    .filter(isWithinOneError)
    .sort((a, b) => a.contender.cost - b.contender.cost);
  if (best === undefined || delivered === undefined) throw new RangeError('there is nothing to choose from');
  const { difference, standardError } = delivered;
  const choice = { delivered: delivered.contender, best: best.contender, difference, standardError };
  const order = ranked.map(({ contender }) => contender);
  return { ...choice, ranked: order, reason: reasonOf(choice, FIGURES[figure].name) };
}

interface Lag {
  readonly difference: number;
  readonly standardError: number;
}

function lagOf(best: FigureSample, other: FigureSample): Lag {
  if (best === other) return { difference: 0, standardError: 0 };
  const difference = differenceOf(best, other);
  return { difference: difference.estimate, standardError: standardErrorOf(difference) };
}

const isWithinOneError = ({ difference, standardError }: Lag): boolean => difference <= standardError;

function reasonOf(
  { delivered, best, difference, standardError }: Omit<DeliveryChoice, 'reason' | 'ranked'>,
  figure: string,
) {
  const points = (fraction: number) => (100 * fraction).toFixed(1);
  return delivered === best
    ? `${best.name} is the best by ${figure}, and nothing cheaper is within one standard error of it.`
    : `${delivered.name} is the cheapest within one standard error of ${best.name}, the best by ${figure}: ` +
        `${points(difference)} points behind, with a standard error of ${points(standardError)}.`;
}

import type { JudgedFigure } from '../domain/job/evaluation.js';
import type { Comparison, Interval } from '../domain/job/job-result.js';
import type { Method } from '../methods/method-table.js';
import { FIGURES } from './figures.js';

const points = (fraction: number): string => (100 * fraction).toFixed(1);

/** Writes a cost ratio of any size in words that can be read. */
const times = (ratio: number): string =>
  `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en')} times`;

/** What a job has to say of its search. */
export interface SearchOutcome {
  readonly delivered: Method;
  /** Why it was delivered, in a sentence. */
  readonly reason: string;
  readonly wasAsked: { readonly search: boolean; readonly baselines: boolean };
  /** Whether the search's winner could be trained on all the data. */
  readonly hasWinner: boolean;
  /** The figure that candidates and methods were chosen by, and are judged by. */
  readonly figure: JudgedFigure;
  /** Absent unless both the winner and a baseline could be trained. */
  readonly comparison?: Comparison | undefined;
}

/** Whether a search was worth its cost, in plain sentences. */
export function verdictOf({ delivered, reason, ...outcome }: SearchOutcome): string {
  return `${judgement(outcome)} Delivered is ${delivered}: ${reason}`;
}

function judgement({ wasAsked, hasWinner, figure, comparison }: Omit<SearchOutcome, 'delivered' | 'reason'>): string {
  if (!wasAsked.search) return 'No search was run.';
  if (!hasWinner) return "The search's winner could not be trained on all the data: the search was not worth its cost.";
  if (comparison === undefined) {
    const what = wasAsked.baselines ? 'No baseline could be trained' : 'No baseline was run';
    return `${what} beside the search, so nothing says whether it was worth its cost.`;
  }
  const { baseline, costRatio } = comparison;
  const { difference, interval } = comparedFigure(comparison, figure);
  const by = (value: number, { low, high }: Interval) =>
    `${points(value)} points of test ${FIGURES[figure].name} (95 % interval ${points(low)} to ${points(high)})`;
  const price = `for ${times(costRatio)} its multiply-accumulates`;
  if (interval.low > 0) {
    return `The search's winner beats ${baseline}, the best baseline, by ${by(difference, interval)}, ${price}: the search found what the baselines have not.`;
  }
  if (interval.high < 0) {
    const loss = by(-difference, { low: -interval.high, high: -interval.low });
    return `The search's winner loses to ${baseline}, the best baseline, by ${loss}, ${price}: the search was not worth its cost.`;
  }
  return `The search's winner and ${baseline}, the best baseline, differ by ${by(difference, interval)}, which may be chance, ${price}: the search was not worth its cost on this data.`;
}

/** The difference in the test figure that validation chose by: another may come out the other way. */
function comparedFigure(comparison: Comparison, figure: JudgedFigure) {
  switch (figure) {
    case 'ACCURACY':
      return {
        difference: comparison.testAccuracyDifference,
        interval: comparison.testAccuracyDifferenceInterval,
      };
    case 'MACRO_ACCURACY':
      return {
        difference: comparison.testMacroAccuracyDifference,
        interval: comparison.testMacroAccuracyDifferenceInterval,
      };
    case 'MACRO_F1':
      return {
        difference: comparison.testMacroF1Difference,
        interval: comparison.testMacroF1DifferenceInterval,
      };
  }
}

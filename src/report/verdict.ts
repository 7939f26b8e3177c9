import type { Comparison, Interval } from '../domain/job/job-result.js';
import type { Method } from '../methods/method-table.js';

const points = (fraction: number): string => (100 * fraction).toFixed(1);

const difference = (value: number, { low, high }: Interval): string =>
  `${points(value)} points of test accuracy (95 % interval ${points(low)} to ${points(high)})`;

/** Writes a cost ratio of any size in words that can be read. */
const times = (ratio: number): string =>
  `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString('en')} times`;

/** What a job has to say of its search. */
export interface SearchOutcome {
  /** Best on validation. */
  readonly delivered: Method;
  readonly wasAsked: { readonly search: boolean; readonly baselines: boolean };
  /** Whether the search's winner could be trained on all the data. */
  readonly hasWinner: boolean;
  /** Absent unless both the winner and a baseline could be trained. */
  readonly comparison?: Comparison | undefined;
}

/** Whether a search was worth its cost, in plain sentences. */
export function verdictOf({ delivered, wasAsked, hasWinner, comparison }: SearchOutcome): string {
  return `${judgement({ wasAsked, hasWinner, comparison })} Delivered is ${delivered}, the best on validation.`;
}

function judgement({ wasAsked, hasWinner, comparison }: Omit<SearchOutcome, 'delivered'>): string {
  if (!wasAsked.search) return 'No search was run.';
  if (!hasWinner) return "The search's winner could not be trained on all the data: the search was not worth its cost.";
  if (comparison === undefined) {
    const what = wasAsked.baselines ? 'No baseline could be trained' : 'No baseline was run';
    return `${what} beside the search, so nothing says whether it was worth its cost.`;
  }
  const { baseline, testAccuracyDifference, testAccuracyDifferenceInterval: interval, costRatio } = comparison;
  const price = `for ${times(costRatio)} its multiply-accumulates`;
  if (interval.low > 0) {
    const gain = difference(testAccuracyDifference, interval);
    return `The search's winner beats ${baseline}, the best baseline, by ${gain}, ${price}: the search found what the baselines have not.`;
  }
  if (interval.high < 0) {
    const loss = difference(-testAccuracyDifference, { low: -interval.high, high: -interval.low });
    return `The search's winner loses to ${baseline}, the best baseline, by ${loss}, ${price}: the search was not worth its cost.`;
  }
  const change = difference(testAccuracyDifference, interval);
  return `The search's winner and ${baseline}, the best baseline, differ by ${change}, which may be chance, ${price}: the search was not worth its cost on this data.`;
}

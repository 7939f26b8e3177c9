import type { BlockRule } from '../../domain/job/genome.js';
import { nearestRates, type Rates } from './rates.js';

/**
 * The rates of the candidates that a search begins with, whatever the data: what has done well elsewhere, and LP-FT as a guard. Which of
 * them is good says where to look next.
 *
 * The head is kept in all but the last two. None is the probe alone, because that is what every training begins with and
 * falls back to.
 *
 * @param rules One per block, input side first; the last holds the head.
 */
export function anchors(rules: readonly BlockRule[]): Rates[] {
  const bodyCount = rules.length - 1;
  const after = (share: number) => Math.min(bodyCount - 1, Math.round(share * bodyCount));
  const middle = [Math.floor(rules.length / 3), Math.floor((5 * rules.length) / 9)];
  const body = (rateOf: (block: number) => number, headRate = 0) =>
    nearestRates(
      rules.map((_, block) => (block < bodyCount ? rateOf(block) : headRate)),
      rules,
    );
  return [
    body((block) => (block >= after(2 / 3) ? 1 : 0)),
    body((block) => (block >= after(1 / 2) ? 1 : 0)),
    body((block) => (middle.includes(block) ? 5 : 0)),
    body((block) => (block >= after(1 / 3) ? 1.5 : 0)),
    body(() => 1),
    body((block) => (block >= after(2 / 3) ? 1 : 0), 1),
    body(() => 1, 1),
  ];
}

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
export const anchors = (rules: readonly BlockRule[]): Rates[] => Object.values(namedAnchors(rules));

/**
 * The anchors that stay whatever earlier jobs suggest: the suffixes of the network, the whole body, and the guard, which is
 * the last.
 *
 * @param rules as of `anchors`.
 */
export function plainAnchors(rules: readonly BlockRule[]): Rates[] {
  const { middleStages: _middleStages, lastThirdAndHead: _lastThirdAndHead, ...plain } = namedAnchors(rules);
  return Object.values(plain);
}

/** The anchors by name, in their order. */
function namedAnchors(rules: readonly BlockRule[]) {
  const bodyCount = rules.length - 1;
  const after = (share: number) => Math.min(bodyCount - 1, Math.round(share * bodyCount));
  const middle = [Math.floor(rules.length / 3), Math.floor((5 * rules.length) / 9)];
  const body = (rateOf: (block: number) => number, headRate = 0) =>
    nearestRates(
      rules.map((_, block) => (block < bodyCount ? rateOf(block) : headRate)),
      rules,
    );
  return {
    lastThird: body((block) => (block >= after(2 / 3) ? 1 : 0)),
    lastHalf: body((block) => (block >= after(1 / 2) ? 1 : 0)),
    middleStages: body((block) => (middle.includes(block) ? 5 : 0)),
    lastTwoThirds: body((block) => (block >= after(1 / 3) ? 1.5 : 0)),
    wholeBody: body(() => 1),
    lastThirdAndHead: body((block) => (block >= after(2 / 3) ? 1 : 0), 1),
    lpFt: body(() => 1, 1),
  };
}

import type { BlockRule } from '../../domain/job/genome.js';
import { type Rng, drawIndex } from '../rng.js';

/**
 * The multipliers of a candidate: one factor on the base learning rate per block, input side first; 0 where frozen. The last
 * block holds the head, which a training begins with as it was probed.
 */
export type Rates = readonly number[];

/** The useful part of the rates: 0.3 to 3 times the base's, and twice that where at most two blocks before the head train. */
const RATE_MIN = 0.3;
const RATE_MAX = 3;
const FEW_BLOCKS = 2;
const FEW_BLOCKS_FACTOR = 2;

/** What the head may have: it is kept, follows slowly, or learns like a block at the base's rate. */
export const HEAD_RATES = [0, 0.3, 1] as const;
/** The chance that a drawn candidate keeps its head. */
const HEAD_KEPT_CHANCE = 0.7;

/** Enough digits for a rate; with more, the last bit of a power would differ from engine to engine. */
const RATE_DIGITS = 3;

/**
 * The rates of a search that are nearest to what is asked for: in their range, then within what the caller demands of each
 * block, and rounded to three digits.
 *
 * @param rules One per block.
 */
export function nearestRates(asked: Rates, rules: readonly BlockRule[]): Rates {
  const last = asked.length - 1;
  const trains = (block: number) => {
    const policy = rules[block]?.policy ?? 'FREE';
    return policy === 'TRAIN' || (policy === 'FREE' && (asked[block] ?? 0) > 0);
  };
  const trainedCount = asked.filter((_, block) => block < last && trains(block)).length;
  const rateMax = trainedCount <= FEW_BLOCKS ? FEW_BLOCKS_FACTOR * RATE_MAX : RATE_MAX;
  return asked.map((rate, block) => {
    if (!trains(block)) return 0;
    const { lrMultiplierMin = 0, lrMultiplierMax = Infinity } = rules[block] ?? {};
    const ranged = block === last ? nearestHeadRate(rate) : clip(rate || 1, RATE_MIN, rateMax);
    return rounded(clip(ranged, lrMultiplierMin, lrMultiplierMax));
  });
}

/** Draws rates: each block before the head trains with chance 1/2, at a rate that is log-uniform around 1. */
export function drawRates(rules: readonly BlockRule[], rng: Rng): Rates {
  const drawn = rules.map((_, block) => {
    const [isTrained, rate] = [rng.next(), rng.next()];
    if (block < rules.length - 1) return isTrained < 1 / 2 ? 0 : RATE_MIN * (RATE_MAX / RATE_MIN) ** rate;
    return isTrained < HEAD_KEPT_CHANCE ? 0 : (HEAD_RATES[1 + drawIndex(HEAD_RATES.length - 1, rng)] ?? 1);
  });
  return nearestRates(drawn, rules);
}

function nearestHeadRate(rate: number): number {
  const trained = HEAD_RATES.filter((value) => value > 0);
  return trained.reduce((nearest, value) => (Math.abs(value - rate) < Math.abs(nearest - rate) ? value : nearest));
}

const clip = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

const rounded = (rate: number): number => Number(rate.toPrecision(RATE_DIGITS));

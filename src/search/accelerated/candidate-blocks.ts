import type { BlockRule } from '../../domain/job/genome.js';
import type { TrialSettings } from '../../domain/job/trial.js';
import { drawIndex, type Rng } from '../rng.js';
import type { Rates } from './rates.js';

/** What each block of a candidate does, input side first: it is frozen, trains its norms and biases alone, or trains whole. */
export interface Blocks {
  readonly rates: Rates;
  /** Whether rates also go by relative gradient norms. */
  readonly usesGradientRates: boolean;
  /** Whether a block, where it trains, does so with its norms and biases alone; one per block. */
  readonly norms: readonly boolean[];
}

/** A candidate, as trials have it. */
interface Told {
  readonly lrMultipliers: Rates;
  readonly settings?: TrialSettings;
}

const STATES = ['FROZEN', 'NORM', 'WHOLE'] as const;

/** The chance that a drawn block that trains does so with its norms and biases alone: as likely as that it trains whole. */
const NORM_CHANCE = 1 / 2;

/** What the blocks of a candidate do, as its multipliers and settings tell. */
export const blocksOf = ({ lrMultipliers: rates, settings = {} }: Told): Blocks => ({
  rates,
  norms: rates.map((_, block) => settings.normTuning?.blocks.includes(block) === true),
  usesGradientRates: settings.usesGradientRates === true,
});

/**
 * The settings that tell what blocks do beside their rates, in place of what `settings` say of it.
 *
 * @returns undefined where nothing is set.
 */
export function withBlocks(
  { norms, usesGradientRates }: Blocks,
  settings: TrialSettings | undefined,
): TrialSettings | undefined {
  const blocks = norms.flatMap((isNorm, block) => (isNorm ? [block] : []));
  const { normTuning: _norms, usesGradientRates: _rates, ...others } = settings ?? {};
  const all = {
    ...others,
    ...(blocks.length > 0 && { normTuning: { blocks } }),
    ...(usesGradientRates && { usesGradientRates }),
  };
  return settings === undefined && Object.keys(all).length === 0 ? undefined : all;
}

/**
 * What can be had of the states that are asked for: NORM is for blocks before the head that train, and for those of which the
 * caller does not demand it, because they are to train whole.
 *
 * @param rules One per block.
 */
export const nearestNorms = ({ rates, norms }: Blocks, rules: readonly BlockRule[]): Blocks['norms'] =>
  rates.map(
    (rate, block) => norms[block] === true && rate > 0 && block < rates.length - 1 && rules[block]?.policy !== 'TRAIN',
  );

/** Draws a state for every block, also for those that do not train: each draw stays with its block. */
export const drawNorms = (blockCount: number, rng: Rng): Blocks['norms'] =>
  Array.from({ length: blockCount }, () => rng.next() < NORM_CHANCE);

/** One block before the head takes one of the two other states; one that was frozen trains at the base's rate. */
export function changeState({ rates, norms, ...others }: Blocks, rng: Rng): Blocks {
  const chosen = drawIndex(rates.length - 1, rng);
  const left = STATES.filter((state) => state !== stateOf(rates[chosen], norms[chosen]));
  const state = left[drawIndex(left.length, rng)];
  return {
    ...others,
    rates: rates.map((rate, block) => {
      if (block !== chosen) return rate;
      return state === 'FROZEN' ? 0 : rate || 1;
    }),
    norms: norms.map((isNorm, block) => (block === chosen ? state === 'NORM' : isNorm)),
  };
}

/** A block trains as in the parent in which it does; where it trains in both, a draw says as in which. */
export const crossNorms = ([first, second]: readonly [Blocks, Blocks], rng: Rng): Blocks['norms'] =>
  first.norms.map((isNorm, block) => {
    const isOfFirst = rng.next() < 1 / 2;
    const [inFirst, inSecond] = [first, second].map(({ rates }) => (rates[block] ?? 0) > 0);
    const taken = inFirst === true && inSecond === true ? isOfFirst : inFirst;
    return taken === true ? isNorm : second.norms[block] === true;
  });

function stateOf(rate = 0, isNorm = false): (typeof STATES)[number] {
  if (rate === 0) return 'FROZEN';
  return isNorm ? 'NORM' : 'WHOLE';
}

import type { TrialSettings } from '../../domain/job/trial.js';
import { type Rng, drawIndex } from '../rng.js';
import { crossSettings, type SettingsSpace, stepSetting } from '../settings-space.js';
import { type Candidate, candidateOf, type CandidateSpace } from './candidate.js';
import { type Blocks, blocksOf, changeState, crossNorms } from './candidate-blocks.js';
import { HEAD_RATES, nearestRates, type Rates } from './rates.js';

/** How far a rate moves when one block's is changed. */
const BLOCK_FACTOR = 3;
const SCALE_FACTOR = 2;

/**
 * Makes a candidate from two good ones: by a move that keeps what is good about the first, by their mean, or by BioTune's
 * crossover and mutation on masks and rates. One draw says which. Where the space leaves settings open, one of them may change
 * instead, and what has two parents takes each setting from either, or from between them. Where blocks may train with their
 * norms and biases alone, one of them may change its state instead.
 *
 * @param parents Two that have done well, in any order; they may be equal.
 */
export function move(parents: readonly [Candidate, Candidate], space: CandidateSpace, rng: Rng): Candidate {
  const [first, second] = parents;
  const moves = [
    ...BLOCK_MOVES,
    ...(space.usesNormState === true ? STATE_MOVES : []),
    ...(space.settings === undefined ? [] : SETTING_MOVES),
  ];
  const { blocks, settings } = moves[drawIndex(moves.length, rng)] ?? { blocks: kept, settings: kept };
  const moved = blocks([blocksOf(first), blocksOf(second)], space, rng);
  const set = space.settings && settings([first.settings ?? {}, second.settings ?? {}], space.settings, rng);
  return candidateOf({ ...moved, rates: nearestRates(moved.rates, space.rules) }, set, space);
}

type RateMove = (parents: readonly [Rates, Rates], rng: Rng, bodyCount: number) => Rates;
type BlockMove = (parents: readonly [Blocks, Blocks], space: CandidateSpace, rng: Rng) => Blocks;
type SettingMove = (parents: readonly [TrialSettings, TrialSettings], space: SettingsSpace, rng: Rng) => TrialSettings;

/** What becomes of the blocks, and then of settings. */
interface Move {
  readonly blocks: BlockMove;
  readonly settings: SettingMove;
}

const kept = <T>([first]: readonly [T, T]): T => first;

/** Rates move, and blocks that train in the first keep their states. */
const keepingStates =
  (move: RateMove): BlockMove =>
  ([first, second], _, rng) => ({
    ...first,
    rates: move([first.rates, second.rates], rng, first.rates.length - 1),
  });

/** Rates move, then the states of the parents are crossed. */
const crossingStates =
  (move: RateMove): BlockMove =>
  (parents, space, rng) => {
    const moved = keepingStates(move)(parents, space, rng);
    return space.usesNormState === true ? { ...moved, norms: crossNorms(parents, rng) } : moved;
  };

const oneState: BlockMove = ([first], _, rng) => changeState(first, rng);

const oneSetting: SettingMove = ([first], space, rng) => stepSetting(first, space, rng);

const isHeads = (rng: Rng): boolean => rng.next() < 1 / 2;

/** All rates of the body by half, or twice. */
const scaled: RateMove = ([first], rng, bodyCount) => {
  const factor = isHeads(rng) ? SCALE_FACTOR : 1 / SCALE_FACTOR;
  return first.map((rate, block) => (block < bodyCount ? rate * factor : rate));
};

/** The first block that trains is frozen, or the one before it trains at its rate. */
const cutElsewhere: RateMove = ([first], rng, bodyCount) => {
  const cut = first.findIndex((rate) => rate > 0);
  const isDeeper = isHeads(rng);
  if (cut < 0 || cut >= bodyCount) return first.map((rate, block) => (block === bodyCount - 1 ? 1 : rate));
  return first.map((rate, block) => {
    if (isDeeper) return block === cut - 1 ? (first[cut] ?? 1) : rate;
    return block === cut ? 0 : rate;
  });
};

/** One block that trains goes three times as fast, or a third; a frozen one begins to train. */
const oneBlock: RateMove = ([first], rng, bodyCount) => {
  const chosen = drawIndex(bodyCount, rng);
  const factor = isHeads(rng) ? BLOCK_FACTOR : 1 / BLOCK_FACTOR;
  return first.map((rate, block) => {
    if (block !== chosen) return rate;
    return rate > 0 ? rate * factor : 1;
  });
};

/** The head is kept, follows slowly, or learns. */
const otherHead: RateMove = ([first], rng, bodyCount) => {
  const others = HEAD_RATES.filter((rate) => rate !== first[bodyCount]);
  const headRate = others[drawIndex(others.length, rng)] ?? 0;
  return first.map((rate, block) => (block === bodyCount ? headRate : rate));
};

/** Where both train, the geometric mean of their rates; elsewhere as in one of them. */
const meanOfTwo: RateMove = ([first, second], rng) =>
  first.map((rate, block) => {
    const other = second[block] ?? rate;
    if (rate > 0 && other > 0) return Math.sqrt(rate * other);
    return isHeads(rng) ? rate : other;
  });

/**
 * Crossover and mutation of the paper, on masks and rates apart from each other: a rate is blended where both train, a mask
 * bit is one parent's; then one bit in all of them changes, on average, and its rate is the base's.
 */
const child: RateMove = ([first, second], rng, bodyCount) =>
  first.map((rate, block) => {
    const other = second[block] ?? rate;
    const share = rng.next();
    const isFlipped = rng.next() < 1 / (bodyCount + 1);
    const blended = rate > 0 && other > 0 ? share * rate + (1 - share) * other : share < 1 / 2 ? rate : other;
    if (!isFlipped) return blended;
    return blended > 0 ? 0 : 1;
  });

/** Each as likely; the paper's operators have two shares. */
const BLOCK_MOVES: readonly Move[] = [
  { blocks: keepingStates(scaled), settings: kept },
  { blocks: keepingStates(cutElsewhere), settings: kept },
  { blocks: keepingStates(oneBlock), settings: kept },
  { blocks: keepingStates(otherHead), settings: kept },
  { blocks: crossingStates(meanOfTwo), settings: crossSettings },
  { blocks: crossingStates(child), settings: crossSettings },
  { blocks: crossingStates(child), settings: crossSettings },
];

/** Moves of a block's state; each is as likely as a move of rates, so that changing one state has two shares. */
const STATE_MOVES: readonly Move[] = [
  { blocks: oneState, settings: kept },
  { blocks: oneState, settings: kept },
];

/** Moves of the settings that are open; each is as likely as a move of rates, so that changing one setting has two shares. */
const SETTING_MOVES: readonly Move[] = [
  { blocks: kept, settings: oneSetting },
  { blocks: kept, settings: oneSetting },
];

import type { BlockRule } from '../../domain/job/genome.js';
import { type Rng, drawIndex } from '../rng.js';
import { type Candidate, HEAD_RATES, nearestCandidate } from './candidate.js';

/** How far a rate moves when one block's is changed. */
const BLOCK_FACTOR = 3;
const SCALE_FACTOR = 2;

/**
 * Makes a candidate from two good ones: by a move that keeps what is good about the first, by their mean, or by BioTune's
 * crossover and mutation on masks and rates. One draw says which.
 *
 * @param parents Two that have done well, in any order; they may be equal.
 * @param rules One per block.
 */
export function move(parents: readonly [Candidate, Candidate], rules: readonly BlockRule[], rng: Rng): Candidate {
  const [first] = parents;
  const kind = MOVES[drawIndex(MOVES.length, rng)] ?? scaled;
  return nearestCandidate(kind(parents, rng, first.length - 1), rules);
}

type Move = (parents: readonly [Candidate, Candidate], rng: Rng, bodyCount: number) => Candidate;

const isHeads = (rng: Rng): boolean => rng.next() < 1 / 2;

/** All rates of the body by half, or twice. */
const scaled: Move = ([first], rng, bodyCount) => {
  const factor = isHeads(rng) ? SCALE_FACTOR : 1 / SCALE_FACTOR;
  return first.map((rate, block) => (block < bodyCount ? rate * factor : rate));
};

/** The first block that trains is frozen, or the one before it trains at its rate. */
const cutElsewhere: Move = ([first], rng, bodyCount) => {
  const cut = first.findIndex((rate) => rate > 0);
  const isDeeper = isHeads(rng);
  if (cut < 0 || cut >= bodyCount) return first.map((rate, block) => (block === bodyCount - 1 ? 1 : rate));
  return first.map((rate, block) => {
    if (isDeeper) return block === cut - 1 ? (first[cut] ?? 1) : rate;
    return block === cut ? 0 : rate;
  });
};

/** One block that trains goes three times as fast, or a third; a frozen one begins to train. */
const oneBlock: Move = ([first], rng, bodyCount) => {
  const chosen = drawIndex(bodyCount, rng);
  const factor = isHeads(rng) ? BLOCK_FACTOR : 1 / BLOCK_FACTOR;
  return first.map((rate, block) => {
    if (block !== chosen) return rate;
    return rate > 0 ? rate * factor : 1;
  });
};

/** The head is kept, follows slowly, or learns. */
const otherHead: Move = ([first], rng, bodyCount) => {
  const others = HEAD_RATES.filter((rate) => rate !== first[bodyCount]);
  const headRate = others[drawIndex(others.length, rng)] ?? 0;
  return first.map((rate, block) => (block === bodyCount ? headRate : rate));
};

/** Where both train, the geometric mean of their rates; elsewhere as in one of them. */
const meanOfTwo: Move = ([first, second], rng) =>
  first.map((rate, block) => {
    const other = second[block] ?? rate;
    if (rate > 0 && other > 0) return Math.sqrt(rate * other);
    return isHeads(rng) ? rate : other;
  });

/**
 * Crossover and mutation of the paper, on masks and rates apart from each other: a rate is blended where both train, a mask
 * bit is one parent's; then one bit in all of them changes, on average, and its rate is the base's.
 */
const child: Move = ([first, second], rng, bodyCount) =>
  first.map((rate, block) => {
    const other = second[block] ?? rate;
    const share = rng.next();
    const isFlipped = rng.next() < 1 / (bodyCount + 1);
    const blended = rate > 0 && other > 0 ? share * rate + (1 - share) * other : share < 1 / 2 ? rate : other;
    if (!isFlipped) return blended;
    return blended > 0 ? 0 : 1;
  });

/** Each as likely; the paper's operators have two shares. */
const MOVES: readonly Move[] = [scaled, cutElsewhere, oneBlock, otherHead, meanOfTwo, child, child];

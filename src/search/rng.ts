import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A source of draws from U[0, 1). */
export interface Rng {
  /** The next draw, in [0, 1), a multiple of 2^-53. */
  next(): number;
}

/** What a stream is drawn for, as a number in its seed: a number, once used, never changes its meaning. */
const PURPOSES = { INITIAL: 1, ELITE_EXPLOIT: 2, OFFSPRING: 3, RANDOM: 4, RANDOM_SEARCH: 5, AUDIT: 6 } as const;

/** Names one stream of draws within a search. */
export interface DrawStream {
  /** The search's seed, an integer in [0, 2^53). */
  readonly seed: number;
  readonly purpose: keyof typeof PURPOSES;
  readonly generation: number;
  readonly slot: number;
}

/** What the four lanes of the hash start from: the first 128 bits of the fraction of pi. */
const LANES = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;

/**
 * Opens a stream of draws at its start.
 *
 * The state of the generator is a hash of the stream's name, so there is no state to store between two calls of `plan`,
 * and no draw depends on the order in which trials complete. Only 32-bit integer arithmetic: the same on every engine.
 * Genes take all 53 bits of a draw; `randomStream`, which the rest of the service draws from, has 32.
 */
export function openStream({ seed, purpose, generation, slot }: DrawStream): Rng {
  const words = [seed >>> 0, Math.floor(seed / 2 ** 32), PURPOSES[purpose], generation, slot];
  const generator = xoroshiro128plusFromState(LANES.map((lane) => words.reduce(absorb, lane)));
  return { next: () => uniformFloat64(generator) };
}

/** A draw from U[-1, 1). */
export const drawSigned = (rng: Rng): number => 2 * rng.next() - 1;

/** A draw from the integers 0..`count` - 1, all as likely up to 2^-53 · `count`. */
export const drawIndex = (count: number, rng: Rng): number => Math.floor(rng.next() * count);

/**
 * Mixes a word into a lane by MurmurHash3's 32-bit finaliser (public domain). It is a bijection in the word as in the lane,
 * so two streams that differ in one word alone always get different states.
 */
function absorb(lane: number, word: number): number {
  let mixed = lane ^ word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) + 0x9e3779b9) | 0;
}

import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import { move } from './moves.js';

const rules: BlockRule[] = Array.from({ length: 5 }, () => ({ policy: 'FREE' }));
const FIRST = [0, 1, 2, 0.5, 0.3];
const SECOND = [0.4, 0, 0.5, 0.5, 1];

/** Draws these numbers, one after the other; 0.5 for all beyond them. */
const scripted = (...draws: number[]) => ({ next: () => draws.shift() ?? 0.5 });

/** A draw that chooses a move by its place among seven. */
const kind = (place: number) => (place + 0.5) / 7;
const [SCALE, CUT, BLOCK, HEAD, MEAN, CHILD] = [0, 1, 2, 3, 4, 5].map(kind) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const [HEADS, TAILS] = [0.1, 0.9];

describe('a move', () => {
  it.each([
    ['twice as fast, but for the head', [SCALE, HEADS], [0, 2, 3, 1, 0.3]],
    ['half as fast', [SCALE, TAILS], [0, 0.5, 1, 0.3, 0.3]],
    ['one block deeper, at the rate of the first', [CUT, HEADS], [1, 1, 2, 0.5, 0.3]],
    ['one block less deep', [CUT, TAILS], [0, 0, 2, 0.5, 0.3]],
    ['one block three times as fast', [BLOCK, 0.3, HEADS], [0, 3, 2, 0.5, 0.3]],
    ['one block at a third', [BLOCK, 0.6, TAILS], [0, 1, 0.667, 0.5, 0.3]],
    ['a frozen block trains', [BLOCK, 0, HEADS], [1, 1, 2, 0.5, 0.3]],
    ['another head', [HEAD, 0.1], [0, 1, 2, 0.5, 0]],
    ['yet another head', [HEAD, 0.9], [0, 1, 2, 0.5, 1]],
    ['the mean of two, with bits of the first', [MEAN, HEADS, HEADS], [0, 1, 1, 0.5, 0.3]],
    ['the mean of two, with bits of the second', [MEAN, TAILS, TAILS], [0.4, 0, 1, 0.5, 0.3]],
  ])('is %s', (_, draws, expected) => {
    expect(move([FIRST, SECOND], rules, scripted(...draws))).toEqual(expected);
  });

  it('is a child whose bits are those of its parents, whose rates lie between theirs, and of which bits may flip', () => {
    const share = 0.25;
    const unflipped = Array.from({ length: 5 }, () => [share, TAILS]).flat();
    expect(move([FIRST, SECOND], rules, scripted(CHILD, ...unflipped))).toEqual([0, 1, 0.875, 0.5, 1]);
    const flipped = [share, 0, share, 0, ...unflipped.slice(4)];
    expect(move([FIRST, SECOND], rules, scripted(CHILD, ...flipped))).toEqual([1, 0, 0.875, 0.5, 1]);
  });

  it('trains the last block of the body where none before the head does', () => {
    expect(move([[0, 0, 0, 0, 1], SECOND], rules, scripted(CUT, HEADS))).toEqual([0, 0, 0, 1, 1]);
  });
});

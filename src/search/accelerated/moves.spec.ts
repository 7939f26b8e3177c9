import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import { move } from './moves.js';

const rules: BlockRule[] = Array.from({ length: 5 }, () => ({ policy: 'FREE' }));
const FIRST = { lrMultipliers: [0, 1, 2, 0.5, 0.3] };
const SECOND = { lrMultipliers: [0.4, 0, 0.5, 0.5, 1] };

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
    expect(move([FIRST, SECOND], { rules }, scripted(...draws))).toEqual({ lrMultipliers: expected });
  });

  it('is a child whose bits are those of its parents, whose rates lie between theirs, and of which bits may flip', () => {
    const share = 0.25;
    const unflipped = Array.from({ length: 5 }, () => [share, TAILS]).flat();
    expect(move([FIRST, SECOND], { rules }, scripted(CHILD, ...unflipped))).toEqual({
      lrMultipliers: [0, 1, 0.875, 0.5, 1],
    });
    const flipped = [share, 0, share, 0, ...unflipped.slice(4)];
    expect(move([FIRST, SECOND], { rules }, scripted(CHILD, ...flipped))).toEqual({
      lrMultipliers: [1, 0, 0.875, 0.5, 1],
    });
  });

  it('trains the last block of the body where none before the head does', () => {
    expect(move([{ lrMultipliers: [0, 0, 0, 0, 1] }, SECOND], { rules }, scripted(CUT, HEADS))).toEqual({
      lrMultipliers: [0, 0, 0, 1, 1],
    });
  });
});

describe('a move where blocks may train with their norms and biases alone', () => {
  const space = { rules, usesNormState: true };
  const first = { ...FIRST, settings: { normTuning: { blocks: [1] } } };
  const second = { ...SECOND, settings: { normTuning: { blocks: [0, 2] } } };
  const kindOfNine = (place: number) => (place + 0.5) / 9;
  const ofNorms = (...blocks: number[]) => (blocks.length > 0 ? { settings: { normTuning: { blocks } } } : {});

  it.each([
    ['a frozen block trains with its norms alone', 0, HEADS, [1, 1, 2, 0.5, 0.3], [0, 1]],
    ['a frozen block trains whole', 0, TAILS, [1, 1, 2, 0.5, 0.3], [1]],
    ['norms are frozen', 0.3, HEADS, [0, 0, 2, 0.5, 0.3], []],
    ['norms train with their filters', 0.3, TAILS, [0, 1, 2, 0.5, 0.3], []],
    ['a whole block is frozen', 0.6, HEADS, [0, 1, 0, 0.5, 0.3], [1]],
    ['a whole block keeps its filters', 0.6, TAILS, [0, 1, 2, 0.5, 0.3], [1, 2]],
  ])('may change the state of a block: %s', (_, block, other, lrMultipliers, norms) => {
    for (const place of [7, 8]) {
      const moved = move([first, second], space, scripted(kindOfNine(place), block, other));
      expect(moved).toEqual({ lrMultipliers, ...ofNorms(...norms) });
    }
  });

  it.each([
    ['scaled', [kindOfNine(0), HEADS], [0, 2, 3, 1, 0.3], [1]],
    ['cut one block deeper', [kindOfNine(1), HEADS], [1, 1, 2, 0.5, 0.3], [1]],
    ['cut one block less deep', [kindOfNine(1), TAILS], [0, 0, 2, 0.5, 0.3], []],
    ['changed in one block', [kindOfNine(2), 0.3, HEADS], [0, 3, 2, 0.5, 0.3], [1]],
    ['given another head', [kindOfNine(3), 0.1], [0, 1, 2, 0.5, 0], [1]],
  ])('keeps the states of blocks that train where rates are %s', (_, draws, lrMultipliers, norms) => {
    const moved = move([first, second], space, scripted(...draws));
    expect(moved).toEqual({ lrMultipliers, ...ofNorms(...norms) });
  });

  it.each([
    ['the mean', kindOfNine(4), [TAILS, TAILS], [0.4, 0, 1, 0.5, 0.3]],
    ['a child', kindOfNine(5), Array.from({ length: 5 }, () => [0.9, TAILS]).flat(), [0.4, 0, 1.85, 0.5, 0.3]],
  ])('takes a state of %s from the parent in which the block trains, or from either', (_, place, rates, expected) => {
    const moved = (draw: number) =>
      move([first, second], space, scripted(place, ...rates, ...Array.from({ length: 5 }, () => draw)));
    expect(moved(HEADS)).toEqual({ lrMultipliers: expected, ...ofNorms(0) });
    expect(moved(TAILS)).toEqual({ lrMultipliers: expected, ...ofNorms(0, 2) });
  });

  it('takes rates by gradients where the first does, whatever the second does', () => {
    const byGradients = { ...FIRST, settings: { usesGradientRates: true } };
    const moved = [0, 1, 2, 3, 4, 5].map((place) => move([byGradients, second], { rules }, scripted(kind(place))));
    expect(moved.map(({ settings }) => settings)).toEqual(moved.map(() => ({ usesGradientRates: true })));
    expect(move([second, byGradients], { rules }, scripted(SCALE)).settings?.usesGradientRates).toBeUndefined();
    const changed = move([byGradients, second], space, scripted(kindOfNine(7), 0.6, TAILS));
    expect(changed.settings).toEqual({ normTuning: { blocks: [2] }, usesGradientRates: true });
  });

  it('draws what it draws without them where they are not asked for', () => {
    const draws = [kind(4), HEADS, HEADS, 0.25];
    move([FIRST, SECOND], { rules }, { next: () => draws.shift() ?? NaN });
    expect(draws).toEqual([0.25]);
  });
});

describe('a move where settings are open', () => {
  const space = {
    rules,
    settings: {
      space: {
        baseLearningRate: { min: 1e-4, max: 1e-2 },
        imageSizePx: [64, 96, 128],
        augmentation: [],
        batchSize: [],
      },
      defaults: { baseLearningRate: 1e-3, imageSizePx: 96 },
    },
  };
  const first = { ...FIRST, settings: { baseLearningRate: 1e-3, imageSizePx: 64 } };
  const second = { ...SECOND, settings: { baseLearningRate: 4e-3, imageSizePx: 128 } };
  /** A draw that chooses a move by its place among nine. */
  const kindOfNine = (place: number) => (place + 0.5) / 9;

  it.each([
    ['the first setting grows', [0.1, HEADS], { baseLearningRate: 3.16e-3, imageSizePx: 64 }],
    ['the first setting shrinks', [0.1, TAILS], { baseLearningRate: 3.16e-4, imageSizePx: 64 }],
    ['the second setting is its neighbour', [0.9, HEADS], { baseLearningRate: 1e-3, imageSizePx: 96 }],
    ['the second setting goes inward from the end', [0.9, TAILS], { baseLearningRate: 1e-3, imageSizePx: 96 }],
  ])('may leave the rates, and %s', (_, draws, settings) => {
    for (const place of [7, 8]) {
      const moved = move([first, second], space, scripted(kindOfNine(place), ...draws));
      expect(moved).toEqual({ ...FIRST, settings });
    }
  });

  it('keeps the settings of the first where its rates move', () => {
    for (const place of [0, 1, 2, 3]) {
      const moved = move([first, second], space, scripted(kindOfNine(place), HEADS));
      expect(moved.settings).toEqual(first.settings);
      expect(moved.lrMultipliers).not.toEqual(FIRST.lrMultipliers);
    }
  });

  it('of two takes a choice from either, and a value of a range from between them', () => {
    const mean = [0.1, 0.1];
    expect(move([first, second], space, scripted(kindOfNine(4), ...mean, 0.5, 0.1)).settings).toEqual({
      baseLearningRate: 2e-3,
      imageSizePx: 64,
    });
    expect(move([first, second], space, scripted(kindOfNine(4), ...mean, 0, 0.9)).settings).toEqual({
      baseLearningRate: 4e-3,
      imageSizePx: 128,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { openStream } from '../rng.js';
import { type AtRung, judge, ranks, rungEpochCounts } from './rungs.js';

const NOTHING = { losses: [], passed: [] };
/** The first draw of slot 0 with this seed is no audit, nor is that of any slot below 8. */
const SEED = firstSeed((draws) => draws.every((draw) => draw >= 0.1));

/** The first seed whose audit draws of eight slots are as they should be. */
function firstSeed(isWanted: (draws: readonly number[]) => boolean): number {
  for (let seed = 0; ; seed += 1) {
    const draws = Array.from({ length: 8 }, (_, slot) =>
      openStream({ seed, purpose: 'AUDIT', generation: 0, slot }).next(),
    );
    if (isWanted(draws)) return seed;
  }
}

const at = (...losses: number[]): AtRung[] => losses.map((loss, slot) => ({ generation: 0, slot, loss }));
const verdicts = (losses: readonly number[], earlier: Parameters<typeof judge>[1] = NOTHING, seed = SEED) =>
  judge(at(...losses), earlier, { seed, rung: 0 }).map(({ verdict }) => verdict);

it.each([
  [5, []],
  [6, [3]],
  [10, [3]],
  [17, [3]],
  [18, [3, 9]],
  [30, [3, 9]],
  [54, [3, 9, 27]],
])('a training of %d epochs pauses after %j', (epochCount, expected) => {
  expect(rungEpochCounts(epochCount)).toEqual(expected);
});

describe('a rung', () => {
  it('promotes whoever is at most the median', () => {
    expect(verdicts([0.5, 1, 1.5, 2, 2.5])).toEqual(['PROMOTED', 'PROMOTED', 'PROMOTED', 'DROPPED', 'DROPPED']);
  });

  it('takes the middle of the two middle losses for the median of an even number', () => {
    const [judged] = judge(at(1, 2, 4, 8), NOTHING, { seed: SEED, rung: 0 });
    expect(judged?.cut).toBe(3);
  });

  it('promotes whoever is within 0.03 of the cut, and no one beyond', () => {
    expect(verdicts([0.5, 1, 1.02, 1.04])).toEqual(['PROMOTED', 'PROMOTED', 'PROMOTED', 'PROMOTED']);
    expect(verdicts([0.5, 0.9, 1, 1.029, 1.031])).toEqual(['PROMOTED', 'PROMOTED', 'PROMOTED', 'PROMOTED', 'DROPPED']);
  });

  it('compares with all losses that were seen there before', () => {
    expect(verdicts([1, 2], { losses: [0.1, 0.2, 0.3, 0.4], passed: [] })).toEqual(['DROPPED', 'DROPPED']);
  });

  it('compares with the generation alone where that is the better half', () => {
    expect(verdicts([1, 2, 3], { losses: [4, 4, 4, 4], passed: [] })).toEqual(['PROMOTED', 'PROMOTED', 'DROPPED']);
  });

  it('lets one that would be dropped go on as an audit where its draw says so', () => {
    const seed = firstSeed(([first = 1, , , last = 1]) => first < 0.1 && last >= 0.1);
    expect(verdicts([3, 1, 1, 4], NOTHING, seed)).toEqual(['AUDITED', 'PROMOTED', 'PROMOTED', 'DROPPED']);
    expect(verdicts([1, 1, 1, 4], NOTHING, seed)[0]).toBe('PROMOTED');
  });

  it('audits about one in ten, by another draw at each rung', () => {
    const losses = Array.from({ length: 2000 }, (_, slot) => (slot < 1000 ? 1 : 2));
    const audited = [0, 1].map((rung) =>
      judge(at(0.5, ...losses), NOTHING, { seed: 1, rung }).map(({ verdict }) => verdict === 'AUDITED'),
    );
    for (const ofRung of audited) expect(ofRung.filter(Boolean).length).toBeGreaterThan(70);
    for (const ofRung of audited) expect(ofRung.filter(Boolean).length).toBeLessThan(130);
    expect(audited[0]).not.toEqual(audited[1]);
  });
});

describe('a rung that does not rank', () => {
  const passed = (pairs: readonly [number, number][], generation = 0) =>
    pairs.map(([loss, fitness]) => ({ generation, loss, fitness }));
  const reversed = passed([1, 2, 3, 4, 5, 6].map((loss) => [loss, 7 - loss]));
  const ordered = passed([1, 2, 3, 4, 5, 6].map((loss) => [loss, loss]));

  it('is one whose loss says nothing of the fitness of six candidates or more', () => {
    expect(ranks(reversed)).toBe(false);
    expect(ranks(reversed.slice(1))).toBe(true);
    expect(ranks(ordered)).toBe(true);
  });

  it('drops nobody', () => {
    expect(verdicts([9, 10], { losses: [1, 1, 1, 1, 1, 1], passed: reversed })).toEqual(['PROMOTED', 'PROMOTED']);
    expect(verdicts([9, 10], { losses: [1, 1, 1, 1, 1, 1], passed: ordered })).toEqual(['DROPPED', 'DROPPED']);
  });

  it('is not believed again, whatever later generations show', () => {
    const later = Array.from({ length: 40 }, (_, index) => ({ generation: 1, loss: index, fitness: index }));
    expect(ranks(later)).toBe(true);
    expect(ranks([...later, ...reversed])).toBe(false);
  });
});

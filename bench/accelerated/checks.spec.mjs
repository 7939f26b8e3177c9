import { describe, expect, it } from 'vitest';
import { tInterval } from '../../src/statistics/uncertain-figure.ts';
import { bestOther, checksOf } from './checks.mjs';
import { ablationTable, lossText, resultTable } from './report.mjs';

const IMAGE_COUNT = 2000;

/** A contender that has so many of the images right in each search seed, the same ones but for those. */
const contender = (id, rightCounts, { kind = 'PLAIN', ...more } = {}) => ({
  id,
  title: id,
  kind,
  samples: rightCounts.map((rightCount, index) => ({
    searchSeed: index + 1,
    rightShares: Array.from({ length: IMAGE_COUNT }, (_, image) => Number(image < rightCount)),
    bySeed: [rightCount / IMAGE_COUNT],
    validationAccuracy: rightCount / IMAGE_COUNT + 0.01,
    costInFull: 10,
    multiplyAccumulates: 1e13,
    wallSeconds: 100,
    estimateRatio: 1.2,
    ...more,
  })),
});

/** Right in 80 % of the images, moved by a little from seed to seed as the others are. */
const around = (count) => [count, count + 10, count - 10];
const main = contender('ACCELERATED', around(1600), { kind: 'SEARCH', wallSeconds: 20 });
const own = (rightCount) => ['SOUP', 'DELIVERED'].map((id) => contender(id, around(rightCount), { kind: 'OWN' }));
const TASK = { isMain: true, soupGainOverLpFt: 0.04, searchSeedCount: 3 };
const verdicts = (contenders, task = TASK) => checksOf(contenders, task).map(({ verdict }) => verdict);

const good = [
  main,
  ...own(1640),
  contender('LP_FT', around(1550)),
  contender('TPE', around(1590), { kind: 'PEER' }),
  contender('RANDOM_SEARCH', around(1580), { kind: 'SEARCH' }),
  contender('PAPER_FAST', around(1400), { kind: 'SEARCH' }),
];

const bad = [
  contender('ACCELERATED', around(1600), {
    kind: 'SEARCH',
    costInFull: 16,
    validationAccuracy: 0.82,
    wallSeconds: 26,
    estimateRatio: 0.7,
  }),
  ...own(1600),
  contender('LP_FT', around(1561)),
  contender('TPE', around(1620), { kind: 'PEER' }),
  contender('RANDOM_SEARCH', around(1600), { kind: 'SEARCH' }),
  contender('PAPER_FAST', around(1400), { kind: 'SEARCH' }),
];

describe('checksOf', () => {
  it('says of each target that it is met', () => expect(verdicts(good)).toEqual(Array(9).fill('met')));

  it('says of each target that it is not met', () => {
    expect(verdicts(bad)).toEqual(Array(9).fill('not met'));
  });

  it('gives no verdict with fewer search seeds than were set', () => {
    expect(verdicts(good, { ...TASK, searchSeedCount: 4 })).toEqual(Array(9).fill('too few seeds'));
  });

  it('says what was not measured', () => {
    expect(verdicts([main])).toEqual([
      'not measured',
      'not measured',
      'not measured',
      'not measured',
      'not measured',
      'met',
      'not measured',
      'met',
      'met',
    ]);
  });

  it('asks for a gain over LP-FT on main tasks alone', () => {
    const other = { isMain: false, searchSeedCount: 3 };
    expect(checksOf(good, other).some(({ target }) => target.includes('LP-FT'))).toBe(false);
  });

  it('is not sure of a difference that scatters from seed to seed', () => {
    const scattered = contender('LP_FT', [1500, 1700, 1580]);
    const [{ verdict, found }] = checksOf([main, ...own(1600), scattered], TASK);
    expect(verdict).toBe('not met');
    expect(found).toMatch(/^0\.3 points over LP_FT, at least -/);
  });
});

describe('bestOther', () => {
  it('is nothing that comes of the search itself', () => {
    const others = [
      contender('NO_MOVES', around(1700), { kind: 'ABLATION' }),
      ...own(1700),
      contender('LORA', around(1500)),
      contender('LP_FT', around(1550)),
    ];
    expect(bestOther([main, ...others]).id).toBe('LP_FT');
  });
});

describe('the report', () => {
  it('says to whom the search loses, the best first', () => {
    const text = lossText(
      [main, contender('LORA', around(1620)), contender('LP_FT', around(1640)), contender('L2_SP', around(1500))],
      tInterval,
    );
    expect(text).toMatch(/^\*\*ACCELERATED loses\*\* to LP_FT by 2\.0 points \(.*\), to LORA by 1\.0 points \(.*\)\.$/);
  });

  it('says that it loses to nobody', () => {
    expect(lossText([main, contender('LORA', around(1500))], tInterval)).toMatch(
      /^ACCELERATED loses to none of the others; the next is LORA, behind by 5\.0 points/,
    );
  });

  it('has what a part is worth: the search less the search without it', () => {
    const [, , row] = ablationTable([main, contender('NO_MOVES', around(1560), { kind: 'ABLATION' })], tInterval);
    expect(row?.slice(0, 2)).toEqual(['NO_MOVES', '3']);
    expect(row?.[3]).toMatch(/^2\.0 points/);
  });

  it('puts the best first, and leaves open what was not measured', () => {
    const rows = resultTable([contender('LORA', around(1500), { costInFull: NaN }), main], tInterval);
    expect(rows.map(([title]) => title)).toEqual(['method', 'ACCELERATED', 'LORA']);
    expect(rows[2]?.slice(5)).toEqual(['–', '–']);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { load, save, withUnit } from './files.mjs';
import { packed, unpacked, withReports } from './predictions.mjs';

const FACTS = {
  task: 'clothing-10',
  imageCounts: { train: 4, validation: 2, test: 3 },
  classCount: 3,
  sizes: { epochs: 10 },
};
const unitOf = (arm, searchSeed) => ({ arm, searchSeed, unitSeconds: 5, rows: [] });
const reportsOf = (method, predictions) => [{ method, seed: 7, labels: [0, 2, 1], predictions }];

describe('withUnit', () => {
  it('adds units of several runs up, and lists each run once', () => {
    const first = withUnit(undefined, FACTS, { command: 'a' }, unitOf('A', 1));
    const second = withUnit(first, FACTS, { command: 'a' }, unitOf('A', 2));
    const third = withUnit(second, FACTS, { command: 'b' }, unitOf('B', 1));
    expect(third.runs).toEqual([{ command: 'a' }, { command: 'b' }]);
    expect(third.units.map(({ arm, searchSeed, run }) => [arm, searchSeed, run])).toEqual([
      ['A', 1, 0],
      ['A', 2, 0],
      ['B', 1, 1],
    ]);
  });

  it('refuses a unit that is known, and one of other images or sizes', () => {
    const known = withUnit(undefined, FACTS, {}, unitOf('A', 1));
    expect(() => withUnit(known, FACTS, {}, unitOf('A', 1))).toThrow('A 1 was measured already');
    const others = { ...FACTS, imageCounts: { train: 5, validation: 1, test: 3 } };
    expect(() => withUnit(known, others, {}, unitOf('A', 2))).toThrow('clothing-10 has imageCounts {"train":5');
    expect(() => withUnit(known, { ...FACTS, sizes: { epochs: 1 } }, {}, unitOf('A', 2))).toThrow(
      'clothing-10 has sizes {"epochs":1}, its results have {"epochs":10}',
    );
  });
});

describe('predictions', () => {
  const unit = { arm: 'A', searchSeed: 1 };
  const lines = withReports(withReports([], unit, reportsOf('BIOTUNE', [0, 2, 2])), unit, reportsOf('LORA', [1, 1, 1]));

  it('have the labels of a search seed once', () => {
    expect(lines).toEqual([
      { searchSeed: 1, labels: [0, 2, 1] },
      { arm: 'A', searchSeed: 1, method: 'BIOTUNE', seed: 7, predictions: [0, 2, 2] },
      { arm: 'A', searchSeed: 1, method: 'LORA', seed: 7, predictions: [1, 1, 1] },
    ]);
  });

  it('come back as they were packed', () => expect(unpacked(packed(lines))).toEqual(lines));

  it('are refused for other images than those of the same search seed before', () => {
    const other = [{ method: 'BIOTUNE', seed: 7, labels: [2, 0, 1], predictions: [0, 0, 0] }];
    expect(() => withReports(lines, { arm: 'B', searchSeed: 1 }, other)).toThrow('the test images of B, search seed 1');
    expect(withReports(lines, { arm: 'B', searchSeed: 2 }, other)).toHaveLength(5);
  });

  it('are refused where a class fits no byte', () => {
    expect(() => packed([{ searchSeed: 1, labels: [256] }])).toThrow('class 256 is no whole number from 0 to 255');
  });
});

describe('save and load', () => {
  let folder;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bench-accelerated-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('give back what was saved, and nothing of a task that was not', async () => {
    const result = withUnit(undefined, FACTS, { command: 'a' }, unitOf('A', 1));
    const lines = withReports([], { arm: 'A', searchSeed: 1 }, reportsOf('BIOTUNE', [0, 2, 2]));
    await save(folder, result, lines);
    expect(load(folder, 'clothing-10')).toEqual({ result, lines });
    expect(load(folder, 'mnist-small')).toEqual({ result: undefined, lines: [] });
  });

  it('leave out predictions of a unit that was not kept', async () => {
    const result = withUnit(undefined, FACTS, { command: 'a' }, unitOf('A', 1));
    await save(folder, result, withReports([], { arm: 'A', searchSeed: 2 }, reportsOf('BIOTUNE', [0, 2, 2])));
    expect(load(folder, 'clothing-10').lines).toEqual([{ searchSeed: 2, labels: [0, 2, 1] }]);
  });
});

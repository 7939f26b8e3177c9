import { expect, it } from 'vitest';
import { verdictOf } from './verdict.js';

const comparison = {
  baseline: 'LINEAR_PROBE',
  testAccuracyDifference: 0.031,
  testAccuracyDifferenceInterval: { low: 0.012, high: 0.05 },
  testMacroAccuracyDifference: 0.002,
  testMacroAccuracyDifferenceInterval: { low: -0.01, high: 0.014 },
  testMacroF1Difference: -0.04,
  testMacroF1DifferenceInterval: { low: -0.06, high: -0.02 },
  costRatio: 12.34,
} as const;
const outcome = {
  delivered: 'BIOTUNE',
  reason: 'BIOTUNE is the best.',
  wasAsked: { search: true, baselines: true },
  hasWinner: true,
  figure: 'ACCURACY',
} as const;

it('says that a search was worth it only where the whole interval is above 0', () => {
  const text = verdictOf({ ...outcome, comparison });
  expect(text).toContain('beats LINEAR_PROBE, the best baseline, by 3.1 points');
  expect(text).toContain('(95 % interval 1.2 to 5.0), for 12 times its multiply-accumulates');
  expect(text).toContain('Delivered is BIOTUNE: BIOTUNE is the best.');
});

it('calls a difference chance where the interval holds 0, and keeps its sign', () => {
  const chance = { testAccuracyDifference: -0.003, testAccuracyDifferenceInterval: { low: -0.02, high: 0.004 } };
  const text = verdictOf({ ...outcome, comparison: { ...comparison, ...chance, costRatio: 1234.5 } });
  expect(text).toMatch(
    /differ by -0\.3 points .*interval -2\.0 to 0\.4.*which may be chance, for 1,235 times .* on this data/,
  );
});

it.each([
  ['ACCURACY', /beats .* by 3\.1 points of test accuracy \(95 % interval 1\.2 to 5\.0\)/],
  ['MACRO_ACCURACY', /differ by 0\.2 points of test macro-accuracy \(95 % interval -1\.0 to 1\.4\)/],
  ['MACRO_F1', /loses .* by 4\.0 points of test macro-F1 \(95 % interval 2\.0 to 6\.0\)/],
] as const)('judges by the figure that chose: %s', (figure, expected) => {
  expect(verdictOf({ ...outcome, figure, comparison })).toMatch(expected);
});

it('says by how much a search has lost', () => {
  const worse = { testAccuracyDifference: -0.02, testAccuracyDifferenceInterval: { low: -0.03, high: -0.01 } };
  const text = verdictOf({ ...outcome, comparison: { ...comparison, ...worse, costRatio: 2.5 } });
  expect(text).toMatch(
    /loses to LINEAR_PROBE, the best baseline, by 2\.0 points .*interval 1\.0 to 3\.0.*for 2\.5 times/,
  );
});

it('claims nothing without a search, a winner or a baseline', () => {
  const none = { search: false, baselines: true };
  expect(verdictOf({ ...outcome, delivered: 'LORA', wasAsked: none, hasWinner: false })).toBe(
    'No search was run. Delivered is LORA: BIOTUNE is the best.',
  );
  expect(verdictOf({ ...outcome, delivered: 'LORA', hasWinner: false })).toMatch(/^The search's winner could not be/);
  expect(verdictOf(outcome)).toMatch(/^No baseline could be trained beside the search, so nothing says/);
  const alone = { search: true, baselines: false };
  expect(verdictOf({ ...outcome, wasAsked: alone })).toMatch(/^No baseline was run beside the search/);
});

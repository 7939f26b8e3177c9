import { expect, it } from 'vitest';
import expected from '../../test/fixtures/intervals/expected.json' with { type: 'json' };
import { tQuantile } from './student-t.js';

it.each(expected.student)("is scipy's for $freedom degrees of freedom", ({ freedom, quantile }) => {
  expect(Math.abs(tQuantile(freedom) - quantile)).toBeLessThan(1e-6);
});

it("is the normal distribution's for infinitely many", () => {
  expect(tQuantile(Infinity)).toBeCloseTo(1.959964, 6);
});

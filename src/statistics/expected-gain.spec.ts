import { expect, it } from 'vitest';
import { EXPECTED_GAIN } from './expected-gain.js';

it('is the median and the range of 6.35, 5.72, 3.99, 1.24, 0.52, 0.44, 0.17, 0.17 and -0.23 points', () => {
  expect(EXPECTED_GAIN.median).toBeCloseTo(0.0052, 10);
  expect(EXPECTED_GAIN.low).toBeCloseTo(-0.0023, 10);
  expect(EXPECTED_GAIN.high).toBeCloseTo(0.0635, 10);
});

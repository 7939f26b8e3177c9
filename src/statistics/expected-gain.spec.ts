import { expect, it } from 'vitest';
import { EXPECTED_GAIN } from './expected-gain.js';

it('is the mean of 6.35, 5.72, 3.99, 1.24, 0.52, 0.44, 0.17, 0.17 and -0.23 points', () => {
  expect(EXPECTED_GAIN).toBeCloseTo(0.1837 / 9, 10);
});

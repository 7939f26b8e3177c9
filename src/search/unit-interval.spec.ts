import { expect, it } from 'vitest';
import { clipToUnit } from './unit-interval.js';

it.each([
  [-0.1, 0],
  [0, 0],
  [0.3, 0.3],
  [1, 1],
  [1.1, 1],
])('clips %d to %d', (value, clipped) => expect(clipToUnit(value)).toBe(clipped));

it('gives 0 for -0', () => expect(Object.is(clipToUnit(-0), 0)).toBe(true));

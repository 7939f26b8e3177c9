import { expect, it } from 'vitest';
import { scientific } from './scientific.mjs';

it.each([
  [1, '10⁰'],
  [1e12, '10¹²'],
  [2e15, '2·10¹⁵'],
  [1.249e15, '1.2·10¹⁵'],
  [9.96e12, '10¹³'],
])('writes %d as %s', (value, text) => expect(scientific(value)).toBe(text));

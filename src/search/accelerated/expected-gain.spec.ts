import { describe, expect, it } from 'vitest';
import { expectedGain } from './expected-gain.js';

const PHI_0 = 1 / Math.sqrt(2 * Math.PI);

describe('the expected gain of a batch', () => {
  it('is the expected improvement of a single candidate', () => {
    // d Φ(d/s) + s φ(d/s): at d = 0 it is s φ(0).
    expect(expectedGain(0.3, [{ fitness: 0.3, deviation: 0.1 }])).toBeCloseTo(0.1 * PHI_0, 4);
    // At d = s: s (Φ(1) + φ(1)) = 0.1 · (0.841345 + 0.241971).
    expect(expectedGain(0.3, [{ fitness: 0.2, deviation: 0.1 }])).toBeCloseTo(0.1083316, 4);
  });

  it('is that of the least of two', () => {
    // The integral of 1 - Φ(t)² from 0, by parts: (1 + √2) / (2 √π).
    const two = Array.from({ length: 2 }, () => ({ fitness: 0, deviation: 1 }));
    expect(expectedGain(0, two)).toBeCloseTo((1 + Math.SQRT2) / (2 * Math.sqrt(Math.PI)), 3);
  });

  it('is what is certain, where nothing is uncertain', () => {
    expect(expectedGain(0.3, [{ fitness: 0.2, deviation: 0 }])).toBeCloseTo(0.1, 12);
    expect(expectedGain(0.3, [{ fitness: 0.4, deviation: 0 }])).toBe(0);
    expect(expectedGain(0.3, [])).toBe(0);
  });

  it('is next to nothing of what is far behind', () => {
    expect(expectedGain(0.3, [{ fitness: 0.9, deviation: 0.05 }])).toBeLessThan(1e-6);
  });
});

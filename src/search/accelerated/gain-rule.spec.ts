import { describe, expect, it } from 'vitest';
import type { Candidate } from './candidate.js';
import { expectedGain } from './expected-gain.js';
import { promisesGain } from './gain-rule.js';
import { Surrogate } from './surrogate.js';

const RATES = [
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 0],
  [0, 2],
];
const FITNESSES = [0.4, 0.3, 0.35, 0.2, 0.5];
const SPACE = { eliteCount: 3, settings: undefined };

const candidate = (lrMultipliers: readonly number[]): Candidate => ({ lrMultipliers });
const ended = RATES.map((rates, slot) => {
  return { generation: 0, slot, genome: candidate(rates), fitness: FITNESSES[slot] ?? NaN };
});
const batch = [candidate([2, 1]), candidate([4, 0])];

/** What the batch is expected to gain over 0.2. */
function gain(): number {
  const surrogate = new Surrogate(
    ended.map(({ genome, fitness }) => ({ candidate: genome, fitness })),
    { settings: undefined },
  );
  return expectedGain(
    0.2,
    batch.map((each) => surrogate.expect(each)),
  );
}

describe('the gain rule', () => {
  const rule = (expectedGainMin: number) => ({ expectedGainMin, worstFitness: 2 });

  it('goes on at the least gain exactly, and ends below it', () => {
    expect(gain()).toBeGreaterThan(0.001);
    expect(promisesGain(batch, ended, rule(gain()), SPACE)).toBe(true);
    expect(promisesGain(batch, ended, rule(gain() + 1e-9), SPACE)).toBe(false);
  });

  it('goes on while less than two candidates beside the elites have trained to their end', () => {
    const strict = rule(0.999);
    expect(promisesGain(batch, ended, strict, SPACE)).toBe(false);
    expect(promisesGain(batch, ended.slice(1), strict, SPACE)).toBe(true);
    expect(promisesGain(batch, ended, strict, { ...SPACE, eliteCount: 4 })).toBe(true);
  });

  it('learns nothing from candidates that could not be trained', () => {
    const broken = { generation: 1, slot: 0, genome: candidate([3, 3]), fitness: 2 };
    expect(promisesGain(batch, [...ended, broken], rule(gain()), SPACE)).toBe(true);
    expect(promisesGain(batch, [...ended, broken], rule(gain() + 1e-9), SPACE)).toBe(false);
    expect(promisesGain(batch, [...ended.slice(1), broken], rule(0.999), SPACE)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { CONFIG as ACCELERATED, distance } from '../../../test/fixtures/accelerated-run.js';
import { shuffle } from '../../../test/fixtures/search-run.js';
import { placeOf } from '../history.js';
import { openStream } from '../rng.js';
import { type AcceleratedConfig, planAccelerated } from './accelerated.js';
import type { Tried } from './race.js';

const CONFIG: AcceleratedConfig = { ...ACCELERATED, generationCount: 8, rungEpochCounts: [3] };
const gainRule = (expectedGainMin: number) => ({ expectedGainMin, worstFitness: 2 });

function run(config: AcceleratedConfig) {
  const known = new Map<string, Tried>();
  for (;;) {
    const next = planAccelerated(config, [...known.values()]);
    if (next.kind === 'DONE') return { history: [...known.values()], ...next };
    for (const trial of next.trials) {
      const { generation, slot, genome, rung } = trial;
      const losses = config.rungEpochCounts.map(() => 3 * distance(genome));
      const ended = rung === undefined ? { fitness: distance(genome) } : {};
      known.set(placeOf(trial), { generation, slot, genome, losses, ...ended });
    }
  }
}

describe('a search that ends where it no longer pays', () => {
  it('tries what one without the rule tries, up to a whole generation', () => {
    const whole = run(CONFIG);
    const short = run({ ...CONFIG, gainRule: gainRule(0.01) });
    expect(short.stop).toBe('NO_EXPECTED_GAIN');
    expect(short.history).toHaveLength(8 + 3 * 5);
    expect(short.history).toEqual(whole.history.slice(0, short.history.length));
    expect(whole.stop).toBeUndefined();
    expect(whole.history).toHaveLength(8 + 8 * 5);
  });

  it('goes on the longer the smaller the gain that counts', () => {
    const counts = [0.1, 0.01, 0.002, 1e-12].map((min) => run({ ...CONFIG, gainRule: gainRule(min) }).history.length);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBeGreaterThan(2);
    expect(counts.at(-1)).toBe(8 + 8 * 5);
  });

  it('never ends before its first generation has, whatever gain is asked for', () => {
    const { history, stop } = run({ ...CONFIG, rungEpochCounts: [], gainRule: gainRule(0.999) });
    expect([history.length, stop]).toEqual([8, 'NO_EXPECTED_GAIN']);
  });

  it('expects the gain of no more candidates than its trials allow', () => {
    const endOf = (trialCountMax: number, min: number) => {
      const { history, stop } = run({ ...CONFIG, rungEpochCounts: [], trialCountMax, gainRule: gainRule(min) });
      return [history.length, stop];
    };
    expect(endOf(8, 0.999)).toEqual([8, undefined]);
    const enough = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12].filter((min) => endOf(13, min)[0] === 13);
    const forOne = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12].filter((min) => endOf(9, min)[0] === 9);
    expect(forOne.length).toBeLessThan(enough.length);
  });

  it('ends at the same place from any order of results, and from no part of a generation', () => {
    const config = { ...CONFIG, gainRule: gainRule(0.01) };
    const { history } = run(config);
    const rng = openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot: 0 });
    expect(planAccelerated(config, shuffle(history, rng))).toMatchObject({ kind: 'DONE', stop: 'NO_EXPECTED_GAIN' });
    const last = history.filter(({ generation }) => generation === 3);
    expect(last).toHaveLength(5);
    for (const { slot } of last) {
      const without = history.filter((trial) => trial.generation < 3 || trial.slot !== slot);
      const next = planAccelerated(config, shuffle(without, rng));
      expect([next.kind, next.stop]).toEqual(['EVALUATE', undefined]);
    }
  });
});

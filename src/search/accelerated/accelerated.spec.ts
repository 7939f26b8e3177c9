import { describe, expect, it } from 'vitest';
import { CONFIG, distance, RULES } from '../../../test/fixtures/accelerated-run.js';
import { shuffle } from '../../../test/fixtures/search-run.js';
import type { BlockRule } from '../../domain/job/genome.js';
import type { Planned } from '../replay.js';
import type { Tried } from './race.js';
import { openStream } from '../rng.js';
import { type AcceleratedConfig, planAccelerated } from './accelerated.js';
import { anchors } from './anchors.js';
import { type Candidate, keyOf } from './candidate.js';

function run(config: AcceleratedConfig, fitness = distance) {
  const batches: (readonly Planned<Candidate>[])[] = [];
  const history: (Tried & { readonly fitness: number })[] = [];
  for (;;) {
    const next = planAccelerated(config, history);
    if (next.kind === 'DONE') return { batches, history, best: next.best };
    batches.push(next.trials);
    for (const { generation, slot, genome } of next.trials) {
      history.push({ generation, slot, genome, losses: [], fitness: fitness(genome) });
    }
  }
}

describe('an accelerated search', () => {
  it('begins with the anchors and draws the rest, then moves the best', () => {
    const { batches, best, history } = run(CONFIG);
    expect(batches.map(({ length }) => length)).toEqual([8, 5, 5, 5]);
    expect(batches[0]?.map(({ origin }) => origin)).toEqual([...Array<string>(7).fill('ANCHOR'), 'RANDOM']);
    expect(batches[0]?.slice(0, 7).map(({ genome }) => genome.lrMultipliers)).toEqual(anchors(RULES));
    expect(batches.slice(1).flatMap((batch) => batch.map(({ origin }) => origin))).toEqual(Array(15).fill('OFFSPRING'));
    expect(best.fitness).toBe(Math.min(...history.map(({ fitness }) => fitness)));
    expect(best.generation).toBeGreaterThan(0);
  });

  it('tries nothing twice', () => {
    const { history } = run({ ...CONFIG, generationCount: 12 });
    expect(new Set(history.map(({ genome }) => keyOf(genome))).size).toBe(history.length);
  });

  it('plans the same from any order of results, and from any part of a batch', () => {
    const { history } = run(CONFIG);
    const rng = openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot: 0 });
    for (let count = 0; count < history.length; count += 1) {
      const known = history.slice(0, count);
      const next = planAccelerated(CONFIG, shuffle(known, rng));
      if (next.kind === 'DONE') throw new Error(`done after ${count} of ${history.length}`);
      const expected = history.slice(count, count + next.trials.length);
      expect(next.trials.map(({ genome }) => genome)).toEqual(expected.map(({ genome }) => genome));
      expect(next).toEqual(planAccelerated(CONFIG, known));
    }
  });

  it('refuses a history that it would not have planned', () => {
    const { history } = run(CONFIG);
    const other = history.map((trial) =>
      trial.slot === 0 ? { ...trial, genome: { lrMultipliers: trial.genome.lrMultipliers.toReversed() } } : trial,
    );
    expect(() => planAccelerated(CONFIG, other)).toThrow(expect.objectContaining({ reason: 'REPLAY_DIVERGED' }));
  });

  it('begins with what is given, and ends at the number of trials', () => {
    const genome = [0, 9, 0, 0, 0, 0, 0, 0, 0];
    const initialCandidates = [{ origin: 'ENQUEUED' as const, genome }];
    const { history, batches } = run({ ...CONFIG, initialCandidates, trialCountMax: 10 });
    expect(batches[0]?.[0]).toMatchObject({
      origin: 'ENQUEUED',
      genome: { lrMultipliers: [0, 6, 0, 0, 0, 0, 0, 0, 0] },
    });
    expect(history).toHaveLength(10);
  });

  it.each<['usesAnchors' | 'usesMoves' | 'usesSurrogate', string[]]>([
    ['usesAnchors', ['RANDOM', 'OFFSPRING']],
    ['usesMoves', ['ANCHOR', 'RANDOM']],
    ['usesSurrogate', ['ANCHOR', 'RANDOM', 'OFFSPRING']],
  ])('does without %s', (part, origins) => {
    const [whole, without] = [run(CONFIG), run({ ...CONFIG, [part]: false })];
    expect(new Set(without.batches.flat().map(({ origin }) => origin))).toEqual(new Set(origins));
    expect(without.history.map(({ genome }) => genome)).not.toEqual(whole.history.map(({ genome }) => genome));
  });

  it('comes closer with each of its parts, over fifty seeds', () => {
    const meanBest = (change: Partial<AcceleratedConfig>) => {
      const bests = Array.from({ length: 50 }, (_, seed) => run({ ...CONFIG, ...change, seed }).best.fitness);
      return bests.reduce((sum, best) => sum + best, 0) / bests.length;
    };
    const whole = meanBest({});
    expect(whole).toBeLessThan(meanBest({ usesSurrogate: false }));
    expect(whole).toBeLessThan(meanBest({ usesMoves: false }));
    expect(whole).toBeLessThan(meanBest({ usesAnchors: false }));
  });

  it('keeps to what is demanded of single blocks', () => {
    const demanded = RULES.map((rule, block): BlockRule => {
      if (block === 0) return { policy: 'FREEZE' };
      return block === 7 ? { policy: 'TRAIN', lrMultiplierMin: 0.5, lrMultiplierMax: 0.5 } : rule;
    });
    const { history } = run({ ...CONFIG, rules: demanded });
    expect(new Set(history.map(({ genome }) => genome.lrMultipliers[0]))).toEqual(new Set([0]));
    expect(new Set(history.map(({ genome }) => genome.lrMultipliers[7]))).toEqual(new Set([0.5]));
  });

  it('goes on where nothing new is left to try', () => {
    const fixed = RULES.map((): BlockRule => ({ policy: 'TRAIN', lrMultiplierMin: 1, lrMultiplierMax: 1 }));
    expect(run({ ...CONFIG, rules: fixed }).history).toHaveLength(23);
  });

  describe('that leaves settings open', () => {
    const settings = {
      space: {
        baseLearningRate: { min: 1e-4, max: 1e-2 },
        imageSizePx: [64, 96, 128],
        augmentation: [],
        batchSize: [],
      },
      defaults: { baseLearningRate: 1e-3, imageSizePx: 96 },
    };
    /** As `distance`, and the farther from a rate of 4e-3 at 128 pixels the worse. */
    const distanceInAll = (candidate: Candidate) => {
      const { baseLearningRate = 0, imageSizePx } = candidate.settings ?? {};
      return distance(candidate) + Math.abs(Math.log10(baseLearningRate / 4e-3)) + (imageSizePx === 128 ? 0 : 0.5);
    };
    const open = { ...CONFIG, settings };

    it('begins with the anchors as training and data have them, and never leaves the space', () => {
      const { batches, history } = run(open, distanceInAll);
      const given = batches[0]?.slice(0, 7).map(({ genome }) => genome);
      expect(given).toEqual(anchors(RULES).map((lrMultipliers) => ({ lrMultipliers, settings: settings.defaults })));
      for (const { genome } of history) {
        expect([64, 96, 128]).toContain(genome.settings?.imageSizePx);
        expect(genome.settings?.baseLearningRate).toBeGreaterThanOrEqual(1e-4);
        expect(genome.settings?.baseLearningRate).toBeLessThanOrEqual(1e-2);
      }
    });

    it('finds better settings, and better ones than drawing them does, over thirty seeds', () => {
      const meanBest = (change: Partial<AcceleratedConfig>) => {
        const bests = Array.from(
          { length: 30 },
          (_, seed) => run({ ...open, ...change, seed }, distanceInAll).best.fitness,
        );
        return bests.reduce((sum, best) => sum + best, 0) / bests.length;
      };
      const whole = meanBest({});
      expect(whole).toBeLessThan(meanBest({ usesMoves: false }));
      expect(whole).toBeLessThan(
        distanceInAll({ lrMultipliers: [0, 0, 0, 0, 2, 2, 2, 2, 0], settings: settings.defaults }),
      );
    });

    it('plans the same from its own history', () => {
      const { history } = run(open, distanceInAll);
      const rng = openStream({ seed: 2, purpose: 'RANDOM', generation: 0, slot: 0 });
      for (const count of [8, 13, 15]) {
        const next = planAccelerated(open, shuffle(history.slice(0, count), rng));
        if (next.kind === 'DONE') throw new Error(`done after ${count} of ${history.length}`);
        const expected = history.slice(count, count + next.trials.length);
        expect(next.trials.map(({ genome }) => genome)).toEqual(expected.map(({ genome }) => genome));
      }
    });
  });

  describe('with objectives beside fitness', () => {
    const plain = { ...CONFIG, usesSurrogate: false, generationCount: 1 };
    const trainedCount = ({ lrMultipliers }: Candidate) => lrMultipliers.filter((rate) => rate > 0).length;
    const objectives = { valuesOf: (candidate: Candidate) => [trainedCount(candidate)], worstFitness: 1 };
    const keys = (candidates: readonly { readonly genome: Candidate }[]) =>
      candidates.map(({ genome }) => keyOf(genome));
    const second = (config: AcceleratedConfig, fitness: (candidate: Candidate) => number) =>
      keys(run(config, fitness).batches[1] ?? []);

    it('moves the candidates that no other dominates', () => {
      // The more blocks train, the better: all of these are on the front, also what is far from the elites.
      const byCount = (candidate: Candidate) => 0.9 - trainedCount(candidate) / 20;
      const { batches } = run({ ...plain, objectives }, byCount);
      expect(batches[1]).toHaveLength(5);
      expect(keys(batches[1] ?? [])).not.toEqual(second(plain, byCount));
      // Where nothing counts but what fitness counts already, the front is the best alone: all moves begin from it.
      const same = { valuesOf: (candidate: Candidate) => [distance(candidate)], worstFitness: 1 };
      const one = run({ ...plain, objectives: same }, distance);
      expect(keys(one.batches[1] ?? [])).toEqual(
        second({ ...plain, eliteCount: 3, objectives: alone(one.history) }, distance),
      );
    });

    it('does not move what cannot be trained, however cheap it is', () => {
      // All but the whole body fail.
      const failing = (candidate: Candidate) => (trainedCount(candidate) === 9 ? 0.2 : 1);
      const whole = { valuesOf: () => [0], worstFitness: 1 };
      expect(second({ ...plain, objectives }, failing)).toEqual(second({ ...plain, objectives: whole }, failing));
    });

    it('moves the elites where nothing could be trained', () => {
      expect(second({ ...plain, objectives }, () => 1)).toEqual(second(plain, () => 1));
    });

    /** Objectives by which the best of a first generation dominates all others. */
    function alone(history: readonly Tried[]) {
      const [best] = history
        .filter(({ generation }) => generation === 0)
        .toSorted((a, b) => (a.fitness ?? Infinity) - (b.fitness ?? Infinity));
      const key = best && keyOf(best.genome);
      return { valuesOf: (candidate: Candidate) => [keyOf(candidate) === key ? 0 : 1], worstFitness: 1 };
    }
  });
});

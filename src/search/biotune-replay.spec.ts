import { describe, expect, it } from 'vitest';
import {
  bits,
  config,
  constrained,
  distance,
  evaluate,
  nextTrials,
  ORDERS,
  run,
  shuffle,
} from '../../test/fixtures/search-run.js';
import { DomainError } from '../domain/errors.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { type EvaluatedTrial, type PlannedTrial, type SearchConfig, plan } from './biotune.js';
import { type Rng, drawIndex, openStream } from './rng.js';

/** Searches of three generations; those with constraints are cut off in the last. */
const SEARCHES = ORDERS.flatMap((order): [string, SearchConfig][] => [
  [order, config(order, { generationCount: 3 })],
  [
    `${order} with constraints, as CODE_COMPAT`,
    constrained(order, { generationCount: 3, trialCountMax: 40, evolution: SEARCH_MODES.CODE_COMPAT.evolution }),
  ],
]);

describe.each(SEARCHES)('%s, killed and resumed', (_, search) => {
  const whole = run(search);

  it('goes on with identical genomes after any row', () => {
    for (let known = 0; known < whole.history.length; known += 1) {
      const history: EvaluatedTrial[] = whole.history.slice(0, known);
      const resumed: PlannedTrial[] = whole.trials.slice(0, known);
      for (let batch = nextTrials(search, history); batch.length > 0; batch = nextTrials(search, history)) {
        resumed.push(...batch);
        history.push(...batch.map((trial) => evaluate(trial, distance)));
      }
      expect(bits(resumed)).toBe(bits(whole.trials));
    }
  });

  it('answers a part of a batch with the rest of it', () => {
    let done: readonly EvaluatedTrial[] = [];
    for (const batch of whole.batches) {
      const results = batch.map((trial) => evaluate(trial, distance));
      for (const [index, trial] of batch.entries()) {
        const others = results.filter((_, other) => other !== index);
        expect(nextTrials(search, [...others, ...done])).toEqual([trial]);
      }
      done = [...done, ...results];
    }
  });

  it('gives bit-equal genomes for rows that complete in any order, over 200 seeds', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const seeded = { ...search, seed };
      const rng = openStream({ seed, purpose: 'RANDOM', generation: 0, slot: 0 });
      const trials: PlannedTrial[] = [];
      let history: EvaluatedTrial[] = [];
      let running = shuffle(nextTrials(seeded, []), rng);
      for (let finished = running.pop(); finished !== undefined; finished = running.pop()) {
        trials.push(finished);
        history = shuffle([...history, evaluate(finished, distance)], rng);
        running = shuffle(nextTrials(seeded, history), rng);
      }
      expect(bits(trials)).toBe(bits(run(seeded).trials));
    }
  });

  it('is not forked by two planners at once, each with rows of its own age, over 50 seeds', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const seeded = { ...search, seed };
      const rng = openStream({ seed, purpose: 'RANDOM', generation: 0, slot: 0 });
      const { inserted, refusedCount } = planByTwo(seeded, rng);
      expect(bits(inserted)).toBe(bits(run(seeded).trials));
      expect(refusedCount).toBeGreaterThan(0);
    }
  });
});

/**
 * Two coordinators that read the completed rows, plan and insert in steps that alternate at random with trials that end. A row
 * whose place is taken is not inserted, and has to be the same.
 */
function planByTwo(search: SearchConfig, rng: Rng): { inserted: PlannedTrial[]; refusedCount: number } {
  const inserted = new Map<string, PlannedTrial>();
  const completed: EvaluatedTrial[] = [];
  const running: PlannedTrial[] = [];
  const seen: EvaluatedTrial[][] = [[], []];
  let refusedCount = 0;
  const insert = (trial: PlannedTrial) => {
    const place = `${trial.generation}/${trial.slot}`;
    const present = inserted.get(place);
    if (present === undefined) {
      inserted.set(place, trial);
      running.push(trial);
      return;
    }
    expect(bits([trial])).toBe(bits([present]));
    refusedCount += 1;
  };
  while (running.length > 0 || nextTrials(search, completed).length > 0) {
    const planner = drawIndex(2, rng);
    const step = drawIndex(3, rng);
    if (step === 0) seen[planner] = shuffle(completed, rng);
    if (step === 1) for (const trial of nextTrials(search, seen[planner] ?? [])) insert(trial);
    if (step === 2) {
      for (const trial of running.splice(drawIndex(running.length, rng), 1)) completed.push(evaluate(trial, distance));
    }
  }
  return { inserted: [...inserted.values()], refusedCount };
}

describe.each(ORDERS)('%s refuses', (order) => {
  const search = config(order, { generationCount: 3 });
  const whole = run(search);

  it.each([0, 3, 12, 24, 48])('a history with another genome in row %d', (index) => {
    const history = whole.history.map((row, at) =>
      at === index ? { ...row, genome: { ...row.genome, threshold: 0.123 } } : row,
    );
    const { generation, slot } = whole.history[index] ?? expect.unreachable();
    const error = captured(() => plan(search, history));
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      reason: 'REPLAY_DIVERGED',
      metadata: { generation: String(generation), slot: String(slot) },
    });
  });

  it('a history with a changed fitness, once its generation has had children', () => {
    const history = whole.history.map((row, at) => (at === 0 ? { ...row, fitness: 0 } : row));
    expect(captured(() => plan(search, history))).toMatchObject({ reason: 'REPLAY_DIVERGED' });
  });

  it('rows of a generation that is not planned yet, and rows past the end', () => {
    const early = whole.history.filter(({ generation, slot }) => generation !== 1 || slot !== 0);
    expect(captured(() => plan(search, early))).toMatchObject({
      reason: 'REPLAY_DIVERGED',
      metadata: { plannedGenome: 'none' },
    });
    const shorter = config(order, { generationCount: 2 });
    expect(captured(() => plan(shorter, whole.history))).toMatchObject({ metadata: { generation: '3', slot: '0' } });
  });

  it('a fitness that is not a number', () => {
    const history = whole.history.map((row, at) => (at === 20 ? { ...row, fitness: Number.NaN } : row));
    expect(() => plan(search, history)).toThrow('fitness is NaN');
  });
});

function captured(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

import { describe, expect, it } from 'vitest';
import { CONFIG as ACCELERATED, distance } from '../../../test/fixtures/accelerated-run.js';
import { shuffle } from '../../../test/fixtures/search-run.js';
import { placeOf } from '../history.js';
import type { Planned } from '../replay.js';
import { openStream } from '../rng.js';
import { type AcceleratedConfig, planAccelerated } from './accelerated.js';
import type { Candidate } from './candidate.js';
import type { Tried } from './race.js';
import { rungReport } from './rung-report.js';

const CONFIG: AcceleratedConfig = { ...ACCELERATED, rungEpochCounts: [3, 9] };

type Outcome = (asked: Planned<Candidate>, rungCount: number) => Pick<Tried, 'losses' | 'fitness'>;

/** Losses that say all, at every rung. */
const faithful: Outcome = ({ genome, rung }, rungCount) => ({
  losses: Array<number>((rung ?? rungCount - 1) + 1).fill(3 * distance(genome)),
  ...(rung === undefined && { fitness: distance(genome) }),
});

function run(config: AcceleratedConfig, outcome: Outcome = faithful) {
  const batches: (readonly Planned<Candidate>[])[] = [];
  const known = new Map<string, Tried>();
  for (;;) {
    const next = planAccelerated(config, [...known.values()]);
    if (next.kind === 'DONE') return { batches, history: [...known.values()], ...next };
    batches.push(next.trials);
    for (const trial of next.trials) {
      const { generation, slot, genome } = trial;
      known.set(placeOf(trial), { generation, slot, genome, ...outcome(trial, config.rungEpochCounts.length) });
    }
  }
}

describe('a search with rungs', () => {
  it('asks for a generation up to each rung, then to the end, ever fewer of it', () => {
    const { batches, judgements } = run({ ...CONFIG, generationCount: 0 });
    expect(batches.map(([first]) => first?.rung)).toEqual([0, 1, undefined]);
    const [all = [], some = [], few = []] = batches;
    expect(all).toHaveLength(8);
    const dropped = (rung: number) => judgements.filter((each) => each.rung === rung && each.verdict === 'DROPPED');
    expect(dropped(0).length).toBeGreaterThan(0);
    expect(some).toHaveLength(all.length - dropped(0).length);
    expect(few).toHaveLength(some.length - dropped(1).length);
  });

  it('finds the candidate that a search without rungs finds, where the first loss says all', () => {
    const whole = run({ ...CONFIG, generationCount: 0, rungEpochCounts: [] }, faithful);
    expect(run({ ...CONFIG, generationCount: 0 }).best).toEqual(whole.best);
  });

  it('learns of the first loss of all, those that were dropped among them', () => {
    const secondOf = (outcome: Outcome) =>
      run({ ...CONFIG, generationCount: 1 }, outcome)
        .history.filter(({ generation }) => generation === 1)
        .map(({ genome }) => genome);
    const { history } = run({ ...CONFIG, generationCount: 0 });
    const dropped = history.find(({ fitness }) => fitness === undefined);
    if (dropped === undefined) throw new Error('none was dropped');
    const worse: Outcome = (asked, rungCount) => {
      const { losses, ...rest } = faithful(asked, rungCount);
      const isIt = asked.generation === 0 && asked.slot === dropped.slot;
      return { ...rest, losses: isIt ? losses.map((loss) => loss + 3) : losses };
    };
    expect(secondOf(worse)).not.toEqual(secondOf(faithful));
  });

  it('plans the same from any order of results, and from any part of a batch', () => {
    const whole = run(CONFIG);
    const rng = openStream({ seed: 1, purpose: 'RANDOM', generation: 0, slot: 0 });
    const known = new Map<string, Tried>();
    for (const batch of whole.batches) {
      for (const [index, trial] of batch.entries()) {
        const next = planAccelerated(CONFIG, shuffle([...known.values()], rng));
        if (next.kind === 'DONE') throw new Error('done too early');
        expect(next.trials).toEqual(batch.slice(index));
        const { generation, slot, genome } = trial;
        known.set(placeOf(trial), { generation, slot, genome, ...faithful(trial, 2) });
      }
    }
    expect(planAccelerated(CONFIG, shuffle([...known.values()], rng))).toMatchObject({
      kind: 'DONE',
      best: whole.best,
      judgements: whole.judgements,
    });
  });

  it('goes on without what cannot be trained, at whatever rung that shows', () => {
    const { history, batches, kind } = run(CONFIG, (asked, rungCount) => {
      const breaksAt = asked.slot % 3;
      const { losses, fitness } = faithful(asked, rungCount);
      const isBroken = asked.slot < 3 && (asked.rung ?? 2) >= breaksAt;
      return isBroken
        ? { losses: losses.slice(0, breaksAt), fitness: 2 }
        : { losses, ...(fitness !== undefined && { fitness }) };
    });
    expect(kind).toBe('DONE');
    expect(history).toHaveLength(8 + 3 * 5);
    expect(history.filter(({ slot, fitness }) => slot === 0 && fitness === 2)).toHaveLength(4);
    expect(batches.flat().filter(({ slot }) => slot === 0)).toHaveLength(4);
  });

  it('asks no more of what has ended by itself, and does not drop it', () => {
    const { history, batches, judgements } = run({ ...CONFIG, generationCount: 0 }, (asked, rungCount) => ({
      ...faithful(asked, rungCount),
      ...(asked.slot > 0 && { fitness: distance(asked.genome) }),
    }));
    expect(batches.map(({ length }) => length).slice(1)).toEqual(batches.slice(1).map(() => 1));
    expect(judgements.filter(({ slot, verdict }) => slot > 0 && verdict === 'DROPPED')).toEqual([]);
    expect(history.filter(({ fitness }) => fitness !== undefined).length).toBeGreaterThanOrEqual(7);
  });

  it.each([5, 8, 10])('ends when its first %d trials have', (trialCountMax) => {
    const { history, batches } = run({ ...CONFIG, trialCountMax });
    expect(history).toHaveLength(trialCountMax);
    expect(batches.at(-1)?.every(({ rung }) => rung === undefined)).toBe(true);
  });
});

describe('the report of a rung', () => {
  it('counts who came, who was dropped and which audits ended, and correlates loss and fitness', () => {
    const { history, judgements } = run({ ...CONFIG, generationCount: 8 });
    const report = rungReport(CONFIG.rungEpochCounts, judgements, history);
    expect(report.map(({ epochCount }) => epochCount)).toEqual([3, 9]);
    const [first, second] = report;
    expect(first?.trialCount).toBe(history.length);
    expect(second?.trialCount).toBe(history.length - (first?.droppedCount ?? 0));
    expect(first?.rankCorrelation).toBe(1);
  });

  it('has no correlation of fewer than three that ended', () => {
    const place = { generation: 0, rung: 0, loss: 1, cut: 1, verdict: 'AUDITED' } as const;
    const tried = [0, 1].map((slot) => ({
      generation: 0,
      slot,
      genome: { lrMultipliers: [1] },
      losses: [slot],
      fitness: slot,
    }));
    const judgements = [0, 1, 2].map((slot) => ({ ...place, slot }));
    expect(rungReport([3], judgements, tried)).toEqual([
      { epochCount: 3, trialCount: 3, droppedCount: 0, auditCount: 2 },
    ]);
  });
});

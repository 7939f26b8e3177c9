import { describe, expect, it } from 'vitest';
import { config, distance, evaluate, nextTrials, ORDERS, run } from '../../test/fixtures/search-run.js';
import type { Genome } from '../domain/job/genome.js';
import { SEARCH_MODE_NAMES, SEARCH_MODES } from '../methods/search-modes.js';
import type { PlannedTrial, SearchConfig } from './biotune.js';
import { makeChild, poolAfter } from './offspring.js';
import { probe } from './operators/elite-exploitation.js';
import { newcomer, sortByFitness } from './ranking.js';
import { openStream } from './rng.js';

const [PAPER, CODE_COMPAT] = [SEARCH_MODES.PAPER.evolution, SEARCH_MODES.CODE_COMPAT.evolution];

const isChild = ({ generation, slot }: PlannedTrial) => generation > 0 && slot >= 6;

/** The largest move of a gene or the threshold between two genomes. */
const distanceBetween = (a: Genome, b: Genome): number =>
  Math.max(
    ...a.genes.map((gene, block) => Math.abs(gene - (b.genes[block] ?? NaN))),
    Math.abs(a.threshold - b.threshold),
  );

it('PAPER_FAST evolves as PAPER does', () => {
  expect(SEARCH_MODES.PAPER_FAST.evolution).toEqual(PAPER);
});

describe.each(ORDERS)('mutation, %s', (order) => {
  const genome: Genome = { genes: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], threshold: 0.35 };
  const initialGenomes = Array.from({ length: 10 }, () => ({ origin: 'ENQUEUED', genome }) as const);
  /** How far the children of equal parents are from these in each of generations 1 to 3: mutation alone moves them. */
  function movesOf(evolution: SearchConfig['evolution'], fitness = () => 0.5): number[] {
    const search = config(order, { initialGenomes, generationCount: 3, evolution });
    const children = run(search, fitness).trials.filter(isChild);
    return [1, 2, 3].map((generation) =>
      Math.max(
        ...children
          .filter((child) => child.generation === generation)
          .map((child) => distanceBetween(child.genome, genome)),
      ),
    );
  }
  /** Every trial is a little worse than the one before it, so that no probe is accepted and no parent leaves the pool. */
  function worseAndWorse(): () => number {
    let fitness = 0.5;
    return () => (fitness += 1e-4);
  }

  it.each([
    ['PAPER', PAPER],
    ['CODE_COMPAT', CODE_COMPAT],
  ])('begins after the first round of reproduction in %s', (_, evolution) => {
    const [first, second] = movesOf(evolution, worseAndWorse());
    expect(first).toBeLessThan(1e-15);
    expect(second).toBeGreaterThan(0.01);
  });

  it('begins then even where all survivors are equally good', () => {
    const [first, second] = movesOf(PAPER);
    expect(first).toBeLessThan(1e-15);
    expect(second).toBeGreaterThan(0.01);
  });

  it('does not begin in CODE_COMPAT while all survivors are equally good', () => {
    for (const move of movesOf(CODE_COMPAT)) expect(move).toBeLessThan(1e-15);
  });
});

describe.each(ORDERS)('folds, %s', (order) => {
  function foldsOf(evolution: SearchConfig['evolution']): number[] {
    const { trials } = run(config(order, { generationCount: 6, foldCount: 3, evolution }));
    return [...new Map(trials.map(({ generation, fold }) => [generation, fold])).values()];
  }

  it('take turns', () => expect(foldsOf(PAPER)).toEqual([0, 1, 2, 0, 1, 2, 0]));

  it('begin with fold 0 twice in CODE_COMPAT', () => {
    expect(foldsOf(CODE_COMPAT)).toEqual([0, 0, 1, 2, 0, 1, 2]);
  });
});

describe.each(ORDERS)('two equally good probes, %s', (order) => {
  /** The elite of slot 0 and its two probes, the best of all; and the probe that generation 2 sends out from what survived of them. */
  function outcome(evolution: SearchConfig['evolution']) {
    const search = config(order, { generationCount: 2, evolution });
    const { trials } = run(search, goodProbes());
    const genomeOf = (generation: number, slot: number) =>
      trials.find((trial) => trial.generation === generation && trial.slot === slot)?.genome ?? expect.unreachable();
    const probeOf = (survivor: Genome) =>
      probe(
        survivor,
        search.rules,
        openStream({ seed: search.seed, purpose: 'ELITE_EXPLOIT', generation: 2, slot: 0 }),
      );
    return { elite: genomeOf(0, 0), first: genomeOf(1, 0), next: genomeOf(2, 0), probeOf };
  }
  /** Ten equal individuals, then two probes that are better, then no better ones. */
  function goodProbes(): () => number {
    let trialCount = 0;
    return () => ((trialCount += 1) === 11 || trialCount === 12 ? 0.1 : 0.5);
  }

  it('move their elite to the first of them', () => {
    const { first, next, probeOf } = outcome(PAPER);
    expect(next).toEqual(probeOf(first)[0]);
  });

  it('leave their elite where it is in CODE_COMPAT', () => {
    const { elite, next, probeOf } = outcome(CODE_COMPAT);
    expect(next).toEqual(probeOf(elite)[0]);
  });
});

describe('the mating pool of SEQUENTIAL', () => {
  /** A search whose third elite has been moved to where it is the best of all; and what its pool may be. */
  function afterProbes(seed: number, evolution: SearchConfig['evolution']) {
    const search = config('SEQUENTIAL', { seed, evolution });
    const initial = nextTrials(search, []).map((trial) => evaluate(trial, distance));
    const probes = nextTrials(search, initial);
    const results = probes.map((trial) => evaluate(trial, () => (trial.slot === 4 ? 0 : 1)));
    const population = sortByFitness(initial.map(newcomer));
    const moved = newcomer({ genome: probes[4]?.genome ?? expect.unreachable(), fitness: 0 });
    return { search, history: [...initial, ...results], population, inPlace: population.with(2, moved) };
  }

  const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

  it('is the population before its probes, then what each child leaves of it', () => {
    for (const seed of SEEDS) {
      const { search, history, population } = afterProbes(seed, PAPER);
      const first = makeChild(population, search.rules, { seed, generation: 1, slot: 6 });
      const [planned = expect.unreachable()] = nextTrials(search, history);
      expect(planned.genome).toEqual(first.genome);
      // the first child is worse than the accepted probe and better than every elite before it
      const result = evaluate(planned, () => 1e-9);
      const pool = poolAfter(population, first, result);
      expect(pool).toHaveLength(8);
      const second = makeChild(pool, search.rules, { seed, generation: 1, slot: 7 });
      expect(nextTrials(search, [...history, result]).map(({ genome }) => genome)).toEqual([second.genome]);
    }
  });

  it('holds accepted probes in the old places of their elites in CODE_COMPAT', () => {
    for (const seed of SEEDS) {
      const { search, history, inPlace } = afterProbes(seed, CODE_COMPAT);
      const first = makeChild(inPlace, search.rules, { seed, generation: 1, slot: 6 });
      expect(nextTrials(search, history).map(({ genome }) => genome)).toEqual([first.genome]);
    }
  });
});

it.each(SEARCH_MODE_NAMES)('BATCH_SYNC draws children without regard to their own generation, %s', (mode) => {
  const { evolution } = SEARCH_MODES[mode];
  const search = config('BATCH_SYNC', { generationCount: 1, evolution });
  const initial = nextTrials(search, []).map((trial) => evaluate(trial, distance));
  const population = sortByFitness(initial.map(newcomer));
  const children = nextTrials(search, initial).filter(isChild);
  expect(children.map(({ genome }) => genome)).toEqual(
    children.map(({ slot }) => makeChild(population, search.rules, { seed: search.seed, generation: 1, slot }).genome),
  );
});

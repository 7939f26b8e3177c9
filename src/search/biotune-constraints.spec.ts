import { describe, expect, it } from 'vitest';
import { config, constrained, freeRules, nextTrials, ORDERS, run } from '../../test/fixtures/search-run.js';
import { type PhenotypeRules, lrMultipliers, selectsABlock } from '../domain/job/genome.js';
import { trialCount } from '../methods/generation-size.js';
import { type InitialGenome, type PlannedTrial, type SearchConfig, plan } from './biotune.js';
import { drawGenome } from './random-genome.js';
import { openStream } from './rng.js';

const initialOf = (search: SearchConfig): readonly PlannedTrial[] => nextTrials(search, []);

const given = (count: number): InitialGenome[] =>
  Array.from({ length: count }, (_, index) => ({
    origin: index % 2 === 0 ? 'ENQUEUED' : 'WARM_START',
    genome: { genes: [0, 0, 0, 0, 0, index / 10], threshold: 0.5 },
  }));

describe.each(ORDERS)('given genomes, %s', (order) => {
  it('take the first slots of generation 0, in order and as they are', () => {
    const planned = initialOf(config(order, { initialGenomes: given(3) })).slice(0, 3);
    expect(planned).toEqual(given(3).map((one, slot) => ({ generation: 0, slot, fold: 0, ...one })));
  });

  it('leave every other slot its random genome, however many are given', () => {
    const random = initialOf(config(order));
    expect(random.map(({ origin }) => origin)).toEqual(Array<string>(10).fill('INITIAL'));
    for (let count = 0; count <= 10; count += 1) {
      const planned = initialOf(config(order, { initialGenomes: given(count) }));
      expect(planned).toHaveLength(10);
      expect(planned.slice(count)).toEqual(random.slice(count));
    }
  });

  it('become elites like any other', () => {
    const best = { origin: 'WARM_START', genome: { genes: [0.1, 0.1, 0.1, 0.8, 0.8, 0.8], threshold: 0.4 } } as const;
    const search = config(order, { initialGenomes: [...given(1), best] });
    const [probe] = run(search).trials.filter(({ generation, slot }) => generation === 1 && slot === 0);
    expect(probe?.genome.genes.filter((gene, block) => gene !== best.genome.genes[block])).toHaveLength(1);
    expect(plan(search, run(search).history)).toMatchObject({ best: { fitness: 0 } });
  });
});

describe.each(ORDERS)('constraints, %s', (order) => {
  it('change nothing where every block is FREE, of any bounds and either use of rate genes', () => {
    const blocks = Array.from(
      { length: 6 },
      () => ({ policy: 'FREE', lrMultiplierMin: 1, lrMultiplierMax: 2 }) as const,
    );
    const bounded = run(config(order, { rules: { usesRateGenes: false, blocks } }));
    expect(bounded.trials).toEqual(run(config(order)).trials);
  });

  it('leave the number of evaluations as it is', () => {
    expect(run(constrained(order)).trials).toHaveLength(140);
    expect(trialCount({ ...constrained(order), mode: 'PAPER' })).toBe(140);
  });

  it('redraw the initial population until a block that may train is selected', () => {
    const search = constrained(order, { initialGenomes: [], populationSize: 200, generationCount: 0 });
    const planned = initialOf(search);
    const firstDraws = planned.map(({ slot }) =>
      drawGenome(6, openStream({ seed: search.seed, purpose: 'INITIAL', generation: 0, slot })),
    );
    const redrawn = firstDraws.filter((genome) => !selectsABlock(genome, search.rules));
    // three of the six blocks may train, so a draw fails with chance 1 / 4
    expect(redrawn.length / 200).toBeCloseTo(1 / 4, 1);
    // without the constraints many of these would have stood
    expect(redrawn.some((genome) => selectsABlock(genome, freeRules(6)))).toBe(true);
    expect(planned.every(({ genome }) => selectsABlock(genome, search.rules))).toBe(true);
    const kept = planned.filter(({ genome }, slot) => genome.threshold === firstDraws[slot]?.threshold);
    expect(kept).toHaveLength(200 - redrawn.length);
  });

  it('redraw random children until a block that may train is selected', () => {
    // a population of two has no parents to choose between
    const pair = { initialGenomes: [], populationSize: 2, eliteCount: 1, generationCount: 100 };
    const search = constrained(order, pair);
    const random = run(search).trials.filter(({ origin }) => origin === 'RANDOM');
    expect(random).toHaveLength(100);
    expect(random.every(({ genome }) => selectsABlock(genome, search.rules))).toBe(true);
  });

  it('are never violated, and genes stay in [0, 1], over 100 seeds', () => {
    const bounds = { 2: [0, 0.5], 4: [0.5, 2] } as const;
    for (let seed = 0; seed < 100; seed += 1) {
      const search = constrained(order, { seed, generationCount: 3 });
      for (const { genome } of run(search).trials) {
        const multipliers = lrMultipliers(genome, search.rules);
        for (const block of [0, 3, 5]) expect(multipliers[block]).toBe(0);
        for (const block of [2, 4] as const) {
          const [least, most] = bounds[block];
          const multiplier = multipliers[block] ?? NaN;
          expect(multiplier === 0 || (multiplier >= least && multiplier <= most)).toBe(true);
          expect(multiplier > 0).toBe((genome.genes[block] ?? 0) > genome.threshold);
        }
        expect([...genome.genes, genome.threshold].every((value) => value >= 0 && value <= 1)).toBe(true);
      }
    }
  });

  it('keep probes off the genes of FREEZE blocks, over 100 seeds', () => {
    let pairCount = 0;
    for (let seed = 0; seed < 100; seed += 1) {
      const search = constrained(order, { seed, generationCount: 2 });
      const probes = run(search).trials.filter(({ origin }) => origin === 'ELITE_EXPLOIT');
      for (const [index, plus] of probes.entries()) {
        const minus = probes[index + 1];
        if (plus.slot % 2 === 1 || minus === undefined || !selectsABlock(plus.genome, search.rules)) continue;
        const stepped = plus.genome.genes.flatMap((gene, block) => (gene === minus.genome.genes[block] ? [] : [block]));
        expect([1, 2, 4]).toContain(stepped[0]);
        pairCount += 1;
      }
    }
    expect(pairCount).toBeGreaterThan(500);
  });
});

describe('CODE_COMPAT', () => {
  const rules: PhenotypeRules = {
    usesRateGenes: false,
    blocks: [...freeRules(5).blocks, { policy: 'TRAIN' }],
  };

  it.each(ORDERS)('never probes a TRAIN block while a FREE one is selected, %s', (order) => {
    const { trials } = run(config(order, { rules }));
    const probes = trials.filter(({ origin }) => origin === 'ELITE_EXPLOIT');
    for (let index = 0; index < probes.length; index += 2) {
      const [plus = expect.unreachable(), minus = expect.unreachable()] = probes.slice(index, index + 2);
      const freeIsSelected = [plus, minus].every(({ genome: { genes, threshold } }) =>
        genes.slice(0, 5).some((gene) => gene > threshold),
      );
      if (freeIsSelected) expect(plus.genome.genes[5]).toBe(minus.genome.genes[5]);
    }
    expect(probes).toHaveLength(60);
  });
});

describe('a config whose parts do not fit together', () => {
  const short: InitialGenome = { origin: 'ENQUEUED', genome: { genes: [1], threshold: 0 } };

  it.each<[string, Partial<SearchConfig>, string]>([
    ['more given genomes than slots', { initialGenomes: given(11) }, '11 initial genomes, populationSize is 10'],
    [
      'a given genome of another length',
      { initialGenomes: [...given(2), short] },
      'initial genome 2 has 1 genes, rules for 6 blocks',
    ],
    ['no trial', { trialCountMax: 0 }, 'trialCountMax is 0'],
    ['half a trial', { trialCountMax: 1.5 }, 'trialCountMax is 1.5'],
  ])('is refused: %s', (_, change, message) => {
    const planIt = () => plan(config('BATCH_SYNC', change), []);
    expect(planIt).toThrow(RangeError);
    expect(planIt).toThrow(message);
  });
});

describe.each(ORDERS)('trialCountMax, %s', (order) => {
  const whole = run(config(order, { generationCount: 3 }));

  it('ends the search with its first so many trials, by generation and slot, for every number of them', () => {
    for (let trialCountMax = 1; trialCountMax <= whole.trials.length; trialCountMax += 1) {
      const search = config(order, { generationCount: 3, trialCountMax });
      const { trials, history } = run(search);
      expect(trials).toEqual(whole.trials.slice(0, trialCountMax));
      const fitness = Math.min(...history.map((row) => row.fitness));
      expect(plan(search, history)).toMatchObject({ kind: 'DONE', best: { fitness } });
    }
  });

  it('is no limit to a search that needs fewer', () => {
    expect(run(config(order, { generationCount: 3, trialCountMax: 50 })).trials).toEqual(whole.trials);
  });

  it('never asks for a trial beyond it while one of the others is missing', () => {
    const search = config(order, { generationCount: 3, trialCountMax: 7 });
    for (let missing = 0; missing < 7; missing += 1) {
      const history = whole.history.slice(0, 7).filter((_, index) => index !== missing);
      expect(nextTrials(search, history)).toEqual([whole.trials[missing]]);
    }
  });

  it('makes a row beyond it one that was never planned', () => {
    const search = config(order, { generationCount: 3, trialCountMax: 12 });
    expect(() => plan(search, whole.history.slice(0, 13))).toThrow('planned none');
  });
});

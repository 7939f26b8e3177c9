import type { Genome, PhenotypeRules } from '../domain/job/genome.js';
import type { TrialOrigin } from '../domain/job/trial.js';
import { byPlace, readHistory } from './history.js';
import { drawInitialGenome } from './initial-population.js';
import { makeChild, poolAfter } from './offspring.js';
import { acceptProbe, probe } from './operators/elite-exploitation.js';
import { type Individual, type RankedIndividual, rankPopulation, sortByFitness } from './ranking.js';
import { openStream } from './rng.js';

/** Raise it with any change that makes an old history plan other genomes; a search is resumed by the version that began it. */
export const ALGORITHM_VERSION = 1;

/** What a search follows from, with its history. */
export interface SearchConfig {
  /** An integer in [0, 2^53). */
  readonly seed: number;
  /** Genes of a genome, at least 1. */
  readonly blockCount: number;
  /** Slices of the data; generation g uses slice g mod `foldCount`. At least 1. */
  readonly foldCount: number;
  /** Generations after the initial population. */
  readonly generationCount: number;
  readonly populationSize: number;
  /** The number of elites, in 1..`populationSize` - 1. */
  readonly eliteCount: number;
  /**
   * SEQUENTIAL is the paper's order: a child is drawn from the pool that its elder siblings left. BATCH_SYNC draws all
   * children of a generation from the population at its start, so that probes and children train at once.
   */
  readonly reproduction: 'SEQUENTIAL' | 'BATCH_SYNC';
  /** How genomes are read, for each of `blockCount` blocks; at least one may train. */
  readonly rules: PhenotypeRules;
  /** Take the first slots of generation 0, in this order; at most `populationSize`. */
  readonly initialGenomes: readonly InitialGenome[];
  /** Trials in all, at least 1; the search ends with the first so many by generation and slot. As many as it takes when absent. */
  readonly trialCountMax?: number | undefined;
}

/** A genome that is given, of `blockCount` genes; it is evaluated even if it selects no block. */
export interface InitialGenome {
  /** ENQUEUED: by the caller; WARM_START: by an earlier search. */
  readonly origin: Extract<TrialOrigin, 'ENQUEUED' | 'WARM_START'>;
  readonly genome: Genome;
}

/** A completed evaluation; infeasible ones have fitness 1. */
export interface EvaluatedTrial {
  readonly generation: number;
  readonly slot: number;
  readonly genome: Genome;
  readonly fitness: number;
}

/** An evaluation that the search asks for; with equal config, generation and slot it is always the same. */
export interface PlannedTrial {
  /** 0 is the initial population. */
  readonly generation: number;
  /**
   * The place in the generation. From generation 1 on, 2e and 2e + 1 are the probes of elite e, of E; then come the
   * children, from 2E on.
   */
  readonly slot: number;
  readonly origin: TrialOrigin;
  readonly genome: Genome;
  readonly fold: number;
}

export type Plan =
  | { readonly kind: 'EVALUATE'; readonly trials: readonly PlannedTrial[] }
  | { readonly kind: 'DONE'; readonly best: EvaluatedTrial };

/**
 * Says what a search evaluates next. Pure: equal arguments give equal plans, bit for bit, on any machine.
 *
 * The search is replayed from its start: each batch takes its results from the history until one is missing. Elites keep the
 * fitness of the fold they were evaluated on, and the best is that of all folds, as in the paper.
 * @param history Completed trials in any order; part of a batch is enough.
 * @returns EVALUATE with the trials that are determined and not in the history, those that are running among them; or DONE,
 *   after the last generation or `trialCountMax` trials, with the best trial ever, the earliest of equals.
 * @throws {DomainError} REPLAY_DIVERGED when the history holds a genome or a place that was not planned.
 * @throws {RangeError} for a fitness that is not a number of 0 or more, for two trials in one place, and for a config whose
 *   parts do not fit together.
 * @see Davila et al., arXiv 2508.15367.
 */
export function plan(config: SearchConfig, history: readonly EvaluatedTrial[]): Plan {
  assertFits(config);
  const recorded = readHistory(history);
  const search = evolve(config);
  let allowance = config.trialCountMax ?? Infinity;
  let step = search.next();
  while (step.done !== true) {
    const batch = step.value.slice(0, allowance).map((trial) => ({ trial, result: recorded.take(trial) }));
    const missing = batch.filter(({ result }) => result === undefined);
    if (missing.length > 0) {
      recorded.assertAllTaken();
      return { kind: 'EVALUATE', trials: missing.map(({ trial }) => trial) };
    }
    allowance -= batch.length;
    if (allowance === 0) break;
    step = search.next(batch.flatMap(({ result }) => result ?? []));
  }
  recorded.assertAllTaken();
  const [best] = sortByFitness(history.toSorted(byPlace));
  if (best === undefined) throw new RangeError(`populationSize is ${config.populationSize}, must be 2 or more`);
  return { kind: 'DONE', best };
}

/** @throws {RangeError} for parts of a config that contradict each other. */
function assertFits({ blockCount, populationSize, rules, initialGenomes, trialCountMax = 1 }: SearchConfig): void {
  if (rules.blocks.length !== blockCount) {
    throw new RangeError(`rules for ${rules.blocks.length} blocks, blockCount is ${blockCount}`);
  }
  if (initialGenomes.length > populationSize) {
    throw new RangeError(`${initialGenomes.length} initial genomes, populationSize is ${populationSize}`);
  }
  for (const [slot, { genome }] of initialGenomes.entries()) {
    if (genome.genes.length === blockCount) continue;
    throw new RangeError(`initial genome ${slot} has ${genome.genes.length} genes, blockCount is ${blockCount}`);
  }
  if (!Number.isInteger(trialCountMax) || trialCountMax < 1) {
    throw new RangeError(`trialCountMax is ${trialCountMax}, must be an integer of 1 or more`);
  }
}

type Sizes = Pick<SearchConfig, 'generationCount' | 'populationSize' | 'eliteCount'>;

/** Evaluations of one generation: N in the first, then 2E probes and N - E children. */
export const generationSize = (
  { populationSize, eliteCount }: Omit<Sizes, 'generationCount'>,
  generation: number,
): number => (generation === 0 ? populationSize : 2 * eliteCount + populationSize - eliteCount);

/** Evaluations of a whole search: N + G (2E + N - E). */
export const trialCount = (sizes: Sizes): number =>
  generationSize(sizes, 0) + sizes.generationCount * generationSize(sizes, 1);

/** Yields batches of trials that can run at once, and is sent their results, in the order of the batch. */
type Evolution<Result> = Generator<readonly PlannedTrial[], Result, readonly Individual[]>;

/** Generation 0 is given or random; its ranking gives the extinction probabilities that generation 1 mutates by. */
function* evolve(config: SearchConfig): Evolution<void> {
  const reproduce = { SEQUENTIAL: reproduceInTurn, BATCH_SYNC: reproduceAtOnce }[config.reproduction];
  let population = rankPopulation(yield planInitial(config));
  for (let generation = 1; generation <= config.generationCount; generation += 1) {
    population = rankPopulation(yield* reproduce(config, generation, population));
  }
}

/** The genomes that are given, then random ones; each slot has its own stream, so that none depends on how many are given. */
function planInitial(config: SearchConfig): PlannedTrial[] {
  return Array.from({ length: config.populationSize }, (_, slot) => {
    const given = config.initialGenomes[slot];
    if (given !== undefined) return planned(config, 0, slot, given);
    const rng = openStream({ seed: config.seed, purpose: 'INITIAL', generation: 0, slot });
    return planned(config, 0, slot, { origin: 'INITIAL', genome: drawInitialGenome(config.rules, rng) });
  });
}

/** Probes first, at once; then one child after the other, from a pool that holds the accepted probes in their new ranks. */
function* reproduceInTurn(
  config: SearchConfig,
  generation: number,
  population: readonly RankedIndividual[],
): Evolution<Individual[]> {
  const elites = exploit(population, yield planProbes(config, generation, population));
  let pool: readonly RankedIndividual[] = sortByFitness([...elites, ...population.slice(config.eliteCount)]);
  const children: Individual[] = [];
  for (const slot of childSlots(config)) {
    const child = makeChild(pool, config.blockCount, { seed: config.seed, generation, slot });
    const results = yield [planned(config, generation, slot, child)];
    for (const result of results) pool = poolAfter(pool, child, result);
    children.push(...results);
  }
  return [...elites, ...children];
}

/** Probes and children at once, the children from the population before its probes; none leaves the pool. */
function* reproduceAtOnce(
  config: SearchConfig,
  generation: number,
  population: readonly RankedIndividual[],
): Evolution<Individual[]> {
  const probes = planProbes(config, generation, population);
  const children = childSlots(config).map((slot) => {
    const child = makeChild(population, config.blockCount, { seed: config.seed, generation, slot });
    return planned(config, generation, slot, child);
  });
  const results = yield [...probes, ...children];
  return [...exploit(population, results.slice(0, probes.length)), ...results.slice(probes.length)];
}

/** Two probes an elite; both come from the stream of the first one's slot. */
function planProbes(config: SearchConfig, generation: number, population: readonly Individual[]): PlannedTrial[] {
  return population.slice(0, config.eliteCount).flatMap((elite, e) => {
    const rng = openStream({ seed: config.seed, purpose: 'ELITE_EXPLOIT', generation, slot: 2 * e });
    return probe(elite.genome, config.rules, rng).map((genome, side) =>
      planned(config, generation, 2 * e + side, { origin: 'ELITE_EXPLOIT', genome }),
    );
  });
}

/** The elites, each moved to the better of its two probes where that is an improvement. */
function exploit(population: readonly RankedIndividual[], probes: readonly Individual[]): RankedIndividual[] {
  return population.slice(0, probes.length / 2).map((elite, e) => acceptProbe(elite, probes.slice(2 * e, 2 * e + 2)));
}

const childSlots = ({ populationSize, eliteCount }: SearchConfig): number[] =>
  Array.from({ length: populationSize - eliteCount }, (_, child) => 2 * eliteCount + child);

function planned(
  { foldCount }: SearchConfig,
  generation: number,
  slot: number,
  { origin, genome }: Pick<PlannedTrial, 'origin' | 'genome'>,
): PlannedTrial {
  return { generation, slot, origin, genome, fold: generation % foldCount };
}

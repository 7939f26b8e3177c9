import { equalGenomes, type Genome, type PhenotypeRules } from '../domain/job/genome.js';
import type { TrialOrigin } from '../domain/job/trial.js';
import type { EvolutionRules } from '../methods/search-modes.js';
import { makeChild, poolAfter } from './offspring.js';
import { acceptProbe, probe } from './operators/elite-exploitation.js';
import { drawRandomGenome } from './random-genome.js';
import { type Individual, type Member, newcomer, rankPopulation, sortByFitness } from './ranking.js';
import { type Evaluated, type Evolution, type Plan, type Planned, replay } from './replay.js';
import { openStream } from './rng.js';

/** Raise it with any change that makes an old history plan other genomes; a search is resumed by the version that began it. */
export const ALGORITHM_VERSION = 2;

/** What a search follows from, with its history. */
export interface SearchConfig {
  /** An integer in [0, 2^53). */
  readonly seed: number;
  /** Slices of the data, at least 1; `foldOf` says which one a generation uses. */
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
  /** What the search's mode says of the evolution. */
  readonly evolution: EvolutionRules;
  /** How genomes are read: a rule for each block, and so for each gene; at least one block may train. */
  readonly rules: PhenotypeRules;
  /** Take the first slots of generation 0, in this order; at most `populationSize`. */
  readonly initialGenomes: readonly InitialGenome[];
  /** Trials in all, at least 1; the search ends with the first so many by generation and slot. As many as it takes when absent. */
  readonly trialCountMax?: number | undefined;
}

/** A genome that is given, of one gene per block; it is evaluated even if it selects no block. */
export interface InitialGenome {
  /** ENQUEUED: by the caller; WARM_START: by an earlier search. */
  readonly origin: Extract<TrialOrigin, 'ENQUEUED' | 'WARM_START'>;
  readonly genome: Genome;
}

/** A completed evaluation; infeasible ones have the worst fitness. */
export type EvaluatedTrial = Evaluated<Genome>;

/**
 * An evaluation that the search asks for. Generation 0 is the initial population; from generation 1 on, slots 2e and 2e + 1
 * are the probes of elite e, of E; then come the children, from 2E on.
 */
export type PlannedTrial = Planned<Genome>;

/**
 * Says what a search evaluates next. Pure: equal arguments give equal plans, bit for bit, on any machine.
 *
 * Elites keep the fitness of the fold they were evaluated on, and the best is that of all folds, as in the paper.
 * @param history Completed trials in any order; part of a batch is enough.
 * @returns as `replay`.
 * @throws {DomainError} as `replay`.
 * @throws {RangeError} as `replay`, and for a config whose parts do not fit together.
 * @see Davila et al., arXiv 2508.15367.
 */
export function plan(config: SearchConfig, history: readonly EvaluatedTrial[]): Plan<Genome> {
  assertFits(config);
  const trialCountMax = config.trialCountMax ?? Infinity;
  return replay(evolve(config), { history, isEqual: equalGenomes, hasCome: () => true, trialCountMax });
}

/** @throws {RangeError} for parts of a config that contradict each other. */
function assertFits({ populationSize, rules, initialGenomes, trialCountMax = 1 }: SearchConfig): void {
  if (initialGenomes.length > populationSize) {
    throw new RangeError(`${initialGenomes.length} initial genomes, populationSize is ${populationSize}`);
  }
  for (const [slot, { genome }] of initialGenomes.entries()) {
    if (genome.genes.length === rules.blocks.length) continue;
    throw new RangeError(
      `initial genome ${slot} has ${genome.genes.length} genes, rules for ${rules.blocks.length} blocks`,
    );
  }
  if (!Number.isInteger(trialCountMax) || trialCountMax < 1) {
    throw new RangeError(`trialCountMax is ${trialCountMax}, must be an integer of 1 or more`);
  }
}

/** The slice of the data that a generation is evaluated on: they take turns, from 0 on. */
export const foldOf = (
  { foldCount, evolution }: Pick<SearchConfig, 'foldCount' | 'evolution'>,
  generation: number,
): number => (evolution.repeatsFirstFold ? Math.max(0, generation - 1) : generation) % foldCount;

/**
 * Generation 0 is given or random. It is sorted, but not ranked: extinction probabilities are 0 until generation 1 is complete,
 * so the children of that one are not mutated.
 */
function* evolve(config: SearchConfig): Evolution<Genome, void> {
  const reproduce = { SEQUENTIAL: reproduceInTurn, BATCH_SYNC: reproduceAtOnce }[config.reproduction];
  let population = sortByFitness((yield planInitial(config)).map(newcomer));
  for (let generation = 1; generation <= config.generationCount; generation += 1) {
    population = rankPopulation(yield* reproduce(config, generation, population), config.evolution);
  }
}

/** The genomes that are given, then random ones; each slot has its own stream, so that none depends on how many are given. */
function planInitial(config: SearchConfig): PlannedTrial[] {
  return Array.from({ length: config.populationSize }, (_, slot) => {
    const given = config.initialGenomes[slot];
    if (given !== undefined) return planned(config, 0, slot, given);
    const rng = openStream({ seed: config.seed, purpose: 'INITIAL', generation: 0, slot });
    return planned(config, 0, slot, { origin: 'INITIAL', genome: drawRandomGenome(config.rules, rng) });
  });
}

/**
 * Probes first, at once; then one child after the other, from a pool that is the population at first: that before its probes,
 * or, where the rules say so, with those that were accepted in their elites' places, whatever their own rank would be.
 */
function* reproduceInTurn(
  config: SearchConfig,
  generation: number,
  population: readonly Member[],
): Evolution<Genome, Member[]> {
  const elites = exploit(config, population, yield planProbes(config, generation, population));
  let pool = config.evolution.matesAcceptedProbes ? [...elites, ...population.slice(config.eliteCount)] : population;
  const children: Member[] = [];
  for (const slot of childSlots(config)) {
    const child = makeChild(pool, config.rules, { seed: config.seed, generation, slot });
    const results = yield [planned(config, generation, slot, child)];
    for (const result of results) pool = poolAfter(pool, child, result);
    children.push(...results.map(newcomer));
  }
  return [...elites, ...children];
}

/** Probes and children at once, the children from the population before its probes; none leaves the pool. */
function* reproduceAtOnce(
  config: SearchConfig,
  generation: number,
  population: readonly Member[],
): Evolution<Genome, Member[]> {
  const probes = planProbes(config, generation, population);
  const children = childSlots(config).map((slot) => {
    const child = makeChild(population, config.rules, { seed: config.seed, generation, slot });
    return planned(config, generation, slot, child);
  });
  const results = yield [...probes, ...children];
  const elites = exploit(config, population, results.slice(0, probes.length));
  return [...elites, ...results.slice(probes.length).map(newcomer)];
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
function exploit(
  { eliteCount, evolution }: SearchConfig,
  population: readonly Member[],
  probes: readonly Individual[],
): Member[] {
  return population
    .slice(0, eliteCount)
    .map((elite, e) => acceptProbe(elite, probes.slice(2 * e, 2 * e + 2), evolution));
}

const childSlots = ({ populationSize, eliteCount }: SearchConfig): number[] =>
  Array.from({ length: populationSize - eliteCount }, (_, child) => 2 * eliteCount + child);

function planned(
  config: SearchConfig,
  generation: number,
  slot: number,
  { origin, genome }: Pick<PlannedTrial, 'origin' | 'genome'>,
): PlannedTrial {
  return { generation, slot, origin, genome, fold: foldOf(config, generation) };
}

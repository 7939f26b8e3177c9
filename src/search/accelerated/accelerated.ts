import type { AcceleratedParts } from '../../domain/job/search-config.js';
import { nonDominated } from '../../domain/job/search-objectives.js';
import type { TrialOrigin } from '../../domain/job/trial.js';
import { type Evaluated, type Evolution, type Plan, type Planned, replay } from '../replay.js';
import { drawRank } from '../ranking.js';
import { openStream, type Rng } from '../rng.js';
import { type Candidate, type CandidateSpace, drawCandidate, keyOf, trains } from './candidate.js';
import { type GainRule, promisesGain } from './gain-rule.js';
import { givenCandidates, type InitialCandidate } from './given-candidates.js';
import { move } from './moves.js';
import { hasCome, race, type Tried } from './race.js';
import type { Judgement } from './rungs.js';
import { Surrogate } from './surrogate.js';

/** What an accelerated search follows from, with its history. */
export interface AcceleratedConfig extends Omit<AcceleratedParts, 'usesRungs' | keyof CandidateSpace>, CandidateSpace {
  /** An integer in [0, 2^53). */
  readonly seed: number;
  /** Generations after the first. */
  readonly generationCount: number;
  /** Candidates of the first generation, at least 2: the anchors, as many as fit, then drawn ones. */
  readonly populationSize: number;
  /** The number of best candidates that moves begin from, in 1..`populationSize` - 1; each later generation has the rest. */
  readonly eliteCount: number;
  /** Take places of the first generation as `givenCandidates` says; at most `populationSize` that are not PRIOR. */
  readonly initialCandidates: readonly InitialCandidate[];
  /** The epochs after which trainings pause and candidates may be dropped, ascending; empty where all train to their end. */
  readonly rungEpochCounts: readonly number[];
  /** What counts beside fitness; fitness alone when absent. */
  readonly objectives?: FurtherObjectives | undefined;
  /** Ends the search before a generation that promises too little; it goes on to its last one when absent. */
  readonly gainRule?: GainRule | undefined;
  /** Trials in all, at least 1; as many as the generations have when absent. */
  readonly trialCountMax?: number | undefined;
}

/** What an accelerated search evaluates next, and what has become of it so far. */
export type AcceleratedPlan = Plan<Candidate> & Readonly<Course>;

/** What a search has come to, beside its trials. */
interface Course {
  /** What has become of the candidates at the rungs. */
  readonly judgements: Judgement[];
  /** Why the search is over before its last generation; absent where it is not, or has used up its trials. */
  stop?: 'NO_EXPECTED_GAIN';
}

/** What a search keeps low beside fitness. */
export interface FurtherObjectives {
  /** The values of a candidate, as many for each; lower is better. */
  readonly valuesOf: (candidate: Candidate) => readonly number[];
  /** The fitness of candidates that cannot be trained, which are not moved from however cheap they are. */
  readonly worstFitness: number;
}

/** Proposals of one slot, of which one is tried. */
const PROPOSAL_COUNT = 32;
/** One slot in so many goes past the surrogate, which knows only what was tried. */
const FREE_SLOT = 4;

/**
 * Says what an accelerated search evaluates next. Pure: equal arguments give equal plans, bit for bit, on any machine.
 *
 * The first generation is known before anything is tried. Each later one moves the best so far, and a small model chooses
 * among the moves; candidates of one generation do not depend on each other's results, so that they train at once. At a rung
 * they wait for each other: the plan asks for them up to the next one when all have come there. Where more than fitness
 * counts, moves begin from the candidates that no other dominates. Between generations, and so whoever asks, the search may
 * end because the next one promises too little.
 *
 * @param history Trials in any order; those that cannot be trained have the worst fitness.
 * @returns as `replay`, with all judgements that the history allows, by generation and rung.
 * @throws {DomainError} and {RangeError} as `replay`.
 */
export function planAccelerated(config: AcceleratedConfig, history: readonly Tried[]): AcceleratedPlan {
  const course: Course = { judgements: [] };
  const plan = replay(search(config, course), {
    history,
    isEqual: (a, b) => keyOf(a) === keyOf(b),
    hasCome,
    trialCountMax: config.trialCountMax ?? Infinity,
  });
  return { ...plan, ...course };
}

function* search(config: AcceleratedConfig, course: Course): Evolution<Candidate, void, Tried> {
  const tried = [...(yield* race(firstGeneration(config), [], config, course.judgements))];
  for (let generation = 1; generation <= config.generationCount; generation += 1) {
    const candidates = nextGeneration(config, generation, tried);
    if (!isWorthTrying(candidates, tried, config)) {
      course.stop = 'NO_EXPECTED_GAIN';
      return;
    }
    tried.push(...(yield* race(candidates, tried, config, course.judgements)));
  }
}

/** Whether a generation, as much of it as the trials that are left allow, may bring a gain that counts. */
function isWorthTrying(
  candidates: readonly Planned<Candidate>[],
  tried: readonly Tried[],
  { gainRule, trialCountMax = Infinity, ...config }: AcceleratedConfig,
): boolean {
  if (gainRule === undefined) return true;
  const allowed = candidates.slice(0, trialCountMax - tried.length).map(({ genome }) => genome);
  return promisesGain(allowed, tried.flatMap(evaluated), gainRule, config);
}

function firstGeneration(config: AcceleratedConfig): Planned<Candidate>[] {
  const { seed, populationSize } = config;
  const given = givenCandidates(config);
  const known = new Taken(given.map(({ genome }) => genome));
  return Array.from({ length: populationSize }, (_, slot) => {
    const first = given[slot];
    if (first !== undefined) return planned(0, slot, first.origin, first.genome);
    const rng = openStream({ seed, purpose: 'RANDOM', generation: 0, slot });
    return planned(
      0,
      slot,
      'RANDOM',
      drawNew(known, () => drawCandidate(config, rng)),
    );
  });
}

function nextGeneration(config: AcceleratedConfig, generation: number, tried: readonly Tried[]): Planned<Candidate>[] {
  const { seed, populationSize, eliteCount, usesMoves, usesSurrogate } = config;
  const known = new Taken(tried.map(({ genome }) => genome));
  const parents = parentsOf(config, tried.flatMap(evaluated));
  const surrogate = new Surrogate(lessonsOf(tried), config);
  return Array.from({ length: populationSize - eliteCount }, (_, slot) => {
    const rng = openStream({ seed, purpose: usesMoves ? 'OFFSPRING' : 'RANDOM', generation, slot });
    if (!usesMoves)
      return planned(
        generation,
        slot,
        'RANDOM',
        drawNew(known, () => drawCandidate(config, rng)),
      );
    const propose = () => move([memberOf(parents, rng), memberOf(parents, rng)], config, rng);
    const isFree = !usesSurrogate || slot % FREE_SLOT === FREE_SLOT - 1;
    const chosen = isFree ? drawNew(known, propose) : mostPromising(known, propose, surrogate);
    return planned(generation, slot, 'OFFSPRING', chosen);
  });
}

/** A candidate that has a fitness. */
type Ended = Evaluated<Candidate>;

const evaluated = ({ fitness, ...result }: Tried): Ended[] => (fitness === undefined ? [] : [{ ...result, fitness }]);

/**
 * What the surrogate learns from: the loss at the first rung, which all have, or fitness where there are no rungs. One that
 * could not be trained so far counts as the worst loss.
 */
function lessonsOf(tried: readonly Tried[]): { readonly candidate: Candidate; readonly fitness: number }[] {
  const losses = tried.flatMap(({ losses: [first] }) => first ?? []);
  const worst = Math.max(...losses);
  return tried.map(({ genome: candidate, losses: [first], fitness }) => ({
    candidate,
    fitness: (losses.length > 0 ? (first ?? worst) : fitness) ?? worst,
  }));
}

/**
 * What moves begin from, best fitness first: the elites; where more than fitness counts, the candidates that no other
 * dominates, or the elites where nothing could be trained.
 */
function parentsOf({ eliteCount, objectives }: AcceleratedConfig, tried: readonly Ended[]): readonly Ended[] {
  const ranked = tried.toSorted((a, b) => a.fitness - b.fitness);
  const elites = ranked.slice(0, eliteCount);
  if (objectives === undefined) return elites;
  const { valuesOf, worstFitness } = objectives;
  const trained = ranked.filter(({ fitness }) => fitness < worstFitness);
  const front = nonDominated(trained, ({ genome, fitness }) => [fitness, ...valuesOf(genome)]);
  return front.length > 0 ? front : elites;
}

/** Candidates that are tried, or are going to be. */
class Taken {
  private readonly keys: Set<string>;

  constructor(candidates: readonly Candidate[] = []) {
    this.keys = new Set(candidates.map(keyOf));
  }

  /** Whether a candidate is worth a trial. */
  isNew(candidate: Candidate): boolean {
    return trains(candidate) && !this.keys.has(keyOf(candidate));
  }

  /** Takes a candidate, if it is new. */
  takes(candidate: Candidate): boolean {
    const isNew = this.isNew(candidate);
    this.keys.add(keyOf(candidate));
    return isNew;
  }
}

/** The first new one of some draws; the last where none is, as where constraints leave few. */
function drawNew(known: Taken, draw: () => Candidate): Candidate {
  let drawn = draw();
  for (let count = 1; count < PROPOSAL_COUNT && !known.isNew(drawn); count += 1) drawn = draw();
  known.takes(drawn);
  return drawn;
}

/** The new proposal that may be the best: by what is expected of it, less what it may deviate from that. */
function mostPromising(known: Taken, propose: () => Candidate, surrogate: Surrogate): Candidate {
  const proposals = Array.from({ length: PROPOSAL_COUNT }, propose);
  const ranked = proposals
    .filter((candidate) => known.isNew(candidate))
    .map((candidate) => ({ candidate, ...surrogate.expect(candidate) }))
    .map(({ candidate, fitness, deviation }) => ({ candidate, promise: fitness - deviation }))
    .sort((a, b) => a.promise - b.promise);
  const chosen = ranked[0]?.candidate ?? proposals[0];
  if (chosen === undefined) throw new Error('nothing was proposed');
  known.takes(chosen);
  return chosen;
}

function memberOf(parents: readonly Ended[], rng: Rng): Candidate {
  const member = parents[drawRank(parents.length, rng)];
  if (member === undefined) throw new Error('nothing has been tried');
  return member.genome;
}

const planned = (generation: number, slot: number, origin: TrialOrigin, genome: Candidate): Planned<Candidate> => ({
  generation,
  slot,
  origin,
  genome,
  fold: 0,
});

import type { BlockRule } from '../../domain/job/genome.js';
import type { AcceleratedParts } from '../../domain/job/search-config.js';
import type { TrialOrigin } from '../../domain/job/trial.js';
import { type Evaluated, type Evolution, type Plan, type Planned, replay } from '../replay.js';
import { drawRank } from '../ranking.js';
import { openStream, type Rng } from '../rng.js';
import { type Candidate, drawCandidate, keyOf, trains } from './candidate.js';
import { givenCandidates, type InitialCandidate } from './given-candidates.js';
import { move } from './moves.js';
import { Surrogate } from './surrogate.js';

/** What an accelerated search follows from, with its history. */
export interface AcceleratedConfig extends AcceleratedParts {
  /** An integer in [0, 2^53). */
  readonly seed: number;
  /** Generations after the first. */
  readonly generationCount: number;
  /** Candidates of the first generation, at least 2: the anchors, as many as fit, then drawn ones. */
  readonly populationSize: number;
  /** The number of best candidates that moves begin from, in 1..`populationSize` - 1; each later generation has the rest. */
  readonly eliteCount: number;
  /** What may become of each block, input side first; the last holds the head. */
  readonly rules: readonly BlockRule[];
  /** Take places of the first generation as `givenCandidates` says; at most `populationSize` that are not PRIOR. */
  readonly initialCandidates: readonly InitialCandidate[];
  /** Trials in all, at least 1; as many as the generations have when absent. */
  readonly trialCountMax?: number | undefined;
}

type Tried = Evaluated<Candidate>;

/** Proposals of one slot, of which one is tried. */
const PROPOSAL_COUNT = 32;
/** One slot in so many goes past the surrogate, which knows only what was tried. */
const FREE_SLOT = 4;

/**
 * Says what an accelerated search evaluates next. Pure: equal arguments give equal plans, bit for bit, on any machine.
 *
 * The first generation is known before anything is tried. Each later one moves the best so far, and a small model chooses
 * among the moves; candidates of one generation do not depend on each other's results, so that they train at once.
 *
 * @param history Completed trials in any order; those that cannot be trained have the worst fitness.
 * @returns as `replay`.
 * @throws {DomainError} and {RangeError} as `replay`.
 */
export function planAccelerated(config: AcceleratedConfig, history: readonly Tried[]): Plan<Candidate> {
  return replay(search(config), {
    history,
    isEqual: (a, b) => keyOf(a) === keyOf(b),
    trialCountMax: config.trialCountMax ?? Infinity,
  });
}

function* search(config: AcceleratedConfig): Evolution<Candidate, void> {
  const tried: Tried[] = [];
  for (let generation = 0; generation <= config.generationCount; generation += 1) {
    const planned = generation === 0 ? firstGeneration(config) : nextGeneration(config, generation, tried);
    const results = yield planned;
    tried.push(...results.map((result, slot) => ({ ...result, generation, slot })));
  }
}

function firstGeneration(config: AcceleratedConfig): Planned<Candidate>[] {
  const { seed, populationSize, rules } = config;
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
      drawNew(known, () => drawCandidate(rules, rng)),
    );
  });
}

function nextGeneration(config: AcceleratedConfig, generation: number, tried: readonly Tried[]): Planned<Candidate>[] {
  const { seed, populationSize, eliteCount, rules, usesMoves, usesSurrogate } = config;
  const known = new Taken(tried.map(({ genome }) => genome));
  const elites = tried.toSorted((a, b) => a.fitness - b.fitness).slice(0, eliteCount);
  const surrogate = new Surrogate(tried.map(({ genome, fitness }) => ({ candidate: genome, fitness })));
  return Array.from({ length: populationSize - eliteCount }, (_, slot) => {
    const rng = openStream({ seed, purpose: usesMoves ? 'OFFSPRING' : 'RANDOM', generation, slot });
    if (!usesMoves)
      return planned(
        generation,
        slot,
        'RANDOM',
        drawNew(known, () => drawCandidate(rules, rng)),
      );
    const propose = () => move([memberOf(elites, rng), memberOf(elites, rng)], rules, rng);
    const isFree = !usesSurrogate || slot % FREE_SLOT === FREE_SLOT - 1;
    const chosen = isFree ? drawNew(known, propose) : mostPromising(known, propose, surrogate);
    return planned(generation, slot, 'OFFSPRING', chosen);
  });
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

function memberOf(elites: readonly Tried[], rng: Rng): Candidate {
  const member = elites[drawRank(elites.length, rng)];
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

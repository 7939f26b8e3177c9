import type { TrialOrigin } from '../../domain/job/trial.js';
import { anchors, plainAnchors } from './anchors.js';
import { type Candidate, candidateAt, type CandidateSpace, gradientPick, keyOf, trains } from './candidate.js';
import type { Rates } from './rates.js';

/** A candidate that is known before a search begins. */
export interface InitialCandidate {
  /** PRIOR: the winner of an earlier job that nobody has named, so that it stands back behind what is given. */
  readonly origin: TrialOrigin;
  readonly genome: Rates;
}

/** A candidate with its place among the first. */
interface Given extends Pick<InitialCandidate, 'origin'> {
  readonly genome: Candidate;
}

/** What the first places of the first generation follow from. */
export interface FirstPlaces extends CandidateSpace {
  readonly initialCandidates: readonly InitialCandidate[];
  /** Candidates of the first generation, at least 2. */
  readonly populationSize: number;
  readonly usesAnchors: boolean;
}

/** Priors have at most one in so many places: what did well on other data says where to look, and is not the search. */
const PLACES_PER_PRIOR = 4;

/**
 * The candidates that begin the first generation, in the order of their places: those that are given, priors, anchors, of
 * which the pick of the gradients is the last. The places after them are drawn.
 *
 * Priors take the places of drawn candidates, then of the anchors that are not plain: a quarter of the places at most, and
 * fewer rather than drive out a plain anchor; but one place where any is left by those that are given.
 *
 * @returns distinct candidates within the rules, each of which trains something; at most `populationSize`.
 */
export function givenCandidates({ initialCandidates, populationSize, usesAnchors, ...space }: FirstPlaces): Given[] {
  const near = initialCandidates.map(({ origin, genome }) => ({ origin, genome: candidateAt(genome, space) }));
  const given = distinct(near.filter(({ origin }) => origin !== 'PRIOR')).slice(0, populationSize);
  const anchored = [
    ...(usesAnchors ? anchors(space.rules).map((rates) => candidateAt(rates, space)) : []),
    ...(space.usesGradientPick === true ? [gradientPick(space)] : []),
  ].map((genome) => ({ origin: 'ANCHOR' as const, genome }));
  const plain = new Set(plainAnchors(space.rules).map((rates) => keyOf(candidateAt(rates, space))));
  const isPlain = ({ genome }: Given) => plain.has(keyOf(genome));

  const room = populationSize - given.length;
  const plainCount = distinct(anchored, given).slice(0, room).filter(isPlain).length;
  const priorCountMax = Math.min(Math.floor(populationSize / PLACES_PER_PRIOR), room - plainCount);
  const priors = distinct(
    near.filter(({ origin }) => origin === 'PRIOR'),
    given,
  ).slice(0, Math.min(room, Math.max(1, priorCountMax)));

  const wanted = distinct(anchored, [...given, ...priors]).slice(0, room);
  // The last of the plain ones is the guard, so the first of them goes before.
  const yielding = [...wanted.filter((anchor) => !isPlain(anchor)).reverse(), ...wanted.filter(isPlain)];
  const gone = new Set(yielding.slice(0, Math.max(0, wanted.length + priors.length - room)));
  return [...given, ...priors, ...wanted.filter((anchor) => !gone.has(anchor))];
}

/** Those that train something and are equal neither to one before them nor to one of `others`. */
function distinct(candidates: readonly Given[], others: readonly Given[] = []): Given[] {
  const known = new Set(others.map(({ genome }) => keyOf(genome)));
  return candidates.filter(({ genome }) => {
    const key = keyOf(genome);
    const isNew = trains(genome) && !known.has(key);
    known.add(key);
    return isNew;
  });
}

import { describe, expect, it } from 'vitest';
import type { BlockRule } from '../../domain/job/genome.js';
import type { TrialOrigin } from '../../domain/job/trial.js';
import { anchors, plainAnchors } from './anchors.js';
import type { Candidate } from './candidate.js';
import { type FirstPlaces, givenCandidates } from './given-candidates.js';
import type { Rates } from './rates.js';

const rules: BlockRule[] = Array.from({ length: 9 }, () => ({ policy: 'FREE' }));
const [lastThird, lastHalf, middleStages, lastTwoThirds, wholeBody, lastThirdAndHead, lpFt] = anchors(rules);

/** One block alone learns: no anchor is like it. */
const alone = (block: number, rate = 2): Rates => rules.map((_, index) => (index === block ? rate : 0));

const of = (origin: TrialOrigin, ...genomes: Rates[]) => genomes.map((genome) => ({ origin, genome }));

const given = (change: Partial<FirstPlaces>) =>
  givenCandidates({ initialCandidates: [], populationSize: 8, rules, usesAnchors: true, ...change });

const genomesOf = (candidates: readonly { readonly genome: Candidate }[]) =>
  candidates.map(({ genome }) => genome.lrMultipliers);

const THREE_PRIORS = of('PRIOR', alone(0), alone(1), alone(2));

describe('the first places of a search', () => {
  it('are the anchors, as many as there are places, without priors', () => {
    expect(genomesOf(given({}))).toEqual(anchors(rules));
    expect(genomesOf(given({ populationSize: 3 }))).toEqual([lastThird, lastHalf, middleStages]);
  });

  it('are the anchors and the pick of the gradients, which keeps the head and all that is demanded of blocks', () => {
    const bound = rules.map((rule, block): BlockRule => (block === 0 ? { policy: 'FREEZE' } : rule));
    const candidates = given({ rules: bound, usesGradientPick: true });
    expect(genomesOf(candidates.slice(0, 7))).toEqual(anchors(bound));
    expect(candidates.slice(7)).toEqual([
      {
        origin: 'ANCHOR',
        genome: { lrMultipliers: [0, 1, 1, 1, 1, 1, 1, 1, 0], settings: { usesGradientRates: true } },
      },
    ]);
    const alone = given({ usesAnchors: false, usesGradientPick: true });
    expect(alone.map(({ genome }) => genome.settings)).toEqual([{ usesGradientRates: true }]);
  });

  it('go to what is given, then to priors, then to anchors', () => {
    const initialCandidates = [...THREE_PRIORS, ...of('ENQUEUED', alone(3)), ...of('WARM_START', alone(4))];
    const origins = given({ initialCandidates, populationSize: 12 }).map(({ origin }) => origin);
    expect(origins).toEqual(['ENQUEUED', 'WARM_START', 'PRIOR', 'PRIOR', 'PRIOR', ...Array<string>(7).fill('ANCHOR')]);
  });

  it('go to priors for a quarter at most: of 8 two, for which one is not drawn and one anchor goes', () => {
    expect(genomesOf(given({ initialCandidates: THREE_PRIORS }))).toEqual([
      alone(0),
      alone(1),
      lastThird,
      lastHalf,
      middleStages,
      lastTwoThirds,
      wholeBody,
      lpFt,
    ]);
  });

  it('go to fewer priors than a quarter rather than to fewer plain anchors', () => {
    const initialCandidates = [
      ...of('ENQUEUED', ...[3, 4, 5, 6].map((block) => alone(block))),
      ...of('ENQUEUED', alone(7, 3)),
      ...THREE_PRIORS,
    ];
    const places = given({ initialCandidates, populationSize: 12 });
    expect(genomesOf(places).slice(5)).toEqual([alone(0), alone(1), ...plainAnchors(rules)]);
  });

  it('go to one prior at least, for which the first anchor goes where all are plain', () => {
    expect(genomesOf(given({ initialCandidates: THREE_PRIORS, populationSize: 2 }))).toEqual([alone(0), lastHalf]);
  });

  it('go to no prior where what is given takes all', () => {
    const initialCandidates = [...THREE_PRIORS, ...of('ENQUEUED', alone(3), alone(4))];
    const places = given({ initialCandidates, populationSize: 2 });
    expect(places.map(({ origin }) => origin)).toEqual(['ENQUEUED', 'ENQUEUED']);
  });

  it('go to a quarter of priors also without anchors; the others are drawn', () => {
    expect(genomesOf(given({ initialCandidates: THREE_PRIORS, usesAnchors: false }))).toEqual([alone(0), alone(1)]);
  });

  it('go to a prior within the rules, whatever its rates were', () => {
    const frozen = rules.map((rule, block): BlockRule => (block === 0 ? { policy: 'FREEZE' } : rule));
    const fast = rules.map((_, block) => (block < 3 ? 8 : 0));
    const [prior] = given({ initialCandidates: of('PRIOR', fast), rules: frozen });
    expect(prior).toEqual({ origin: 'PRIOR', genome: { lrMultipliers: [0, 6, 6, 0, 0, 0, 0, 0, 0] } });
  });

  it('hold nothing twice, and nothing that trains no block: the next prior moves up', () => {
    const initialCandidates = [
      ...of('ENQUEUED', alone(1)),
      ...of(
        'PRIOR',
        rules.map(() => 0),
        alone(1),
        alone(2),
        alone(2),
        alone(5),
      ),
    ];
    const places = given({ initialCandidates });
    expect(genomesOf(places.filter(({ origin }) => origin === 'PRIOR'))).toEqual([alone(2), alone(5)]);
  });

  it('lose no other anchor to a prior that equals one', () => {
    const places = given({ initialCandidates: of('PRIOR', lastThirdAndHead ?? []) });
    expect(places.map(({ origin }) => origin)).toEqual(['PRIOR', ...Array<string>(6).fill('ANCHOR')]);
    expect(new Set(genomesOf(places))).toEqual(new Set(anchors(rules)));
  });
});

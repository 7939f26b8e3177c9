import { type Known, placeOf } from '../history.js';
import type { Evolution, Planned } from '../replay.js';
import type { Candidate } from './candidate.js';
import { type AtRung, judge, type Judgement } from './rungs.js';

/** What is known of a candidate: its mean validation loss at each rung that it came to, and its fitness once it has ended. */
export interface Tried extends Known<Candidate> {
  /** One per rung; those of a training that ended early are fewer. */
  readonly losses: readonly number[];
}

/** What a race follows from, beside its candidates. */
export interface RaceRules {
  /** The search's. */
  readonly seed: number;
  /** The epochs after which trainings pause, ascending; every candidate trains to its end where there are none. */
  readonly rungEpochCounts: readonly number[];
}

/** Whether a candidate has come as far as it was asked to, or has ended before. */
export const hasCome = ({ losses, fitness }: Tried, { rung }: Pick<Planned<Candidate>, 'rung'>): boolean =>
  fitness !== undefined || (rung !== undefined && losses.length > rung);

/**
 * Tries the candidates of a generation, from rung to rung: at each all wait for each other, and only those go on whose loss
 * promises something.
 *
 * @param earlier All candidates of earlier generations.
 * @param judgements Takes what becomes of the candidates, as far as it is known.
 * @returns all candidates in their order, those without a fitness that were dropped.
 */
export function* race(
  candidates: readonly Planned<Candidate>[],
  earlier: readonly Tried[],
  { seed, rungEpochCounts }: RaceRules,
  judgements: Judgement[],
): Evolution<Candidate, Tried[], Tried> {
  const results = new Map<string, Tried>();
  let racing = candidates;
  for (const rung of rungEpochCounts.keys()) {
    const found = yield racing.map((candidate) => ({ ...candidate, rung }));
    for (const result of found) results.set(placeOf(result), result);
    const arrived = found.flatMap((result) => atRung(result, rung));
    if (arrived.length === 0) return [...results.values()];
    const judged = judge(arrived, earlierAt(earlier, rung), { seed, rung }).map((judgement) =>
      // What has ended by itself has nothing left to save.
      hasEnded(results.get(placeOf(judgement))) && judgement.verdict === 'DROPPED'
        ? ({ ...judgement, verdict: 'PROMOTED' } as const)
        : judgement,
    );
    judgements.push(...judged);
    const goOn = new Set(judged.filter(({ verdict }) => verdict !== 'DROPPED').map(placeOf));
    racing = racing.filter((candidate) => goOn.has(placeOf(candidate)));
    if (racing.length === 0) return [...results.values()];
  }
  for (const result of yield racing) results.set(placeOf(result), result);
  return [...results.values()];
}

function atRung({ generation, slot, losses }: Tried, rung: number): AtRung[] {
  const loss = losses[rung];
  return loss === undefined ? [] : [{ generation, slot, loss }];
}

const hasEnded = (result: Tried | undefined): boolean => result?.fitness !== undefined;

function earlierAt(earlier: readonly Tried[], rung: number) {
  const arrived = earlier.flatMap(({ generation, losses, fitness }) => {
    const loss = losses[rung];
    return loss === undefined ? [] : [{ generation, loss, fitness }];
  });
  return {
    losses: arrived.map(({ loss }) => loss),
    passed: arrived.flatMap(({ fitness, ...passed }) => (fitness === undefined ? [] : [{ ...passed, fitness }])),
  };
}

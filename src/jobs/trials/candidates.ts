import { Injectable } from '@nestjs/common';
import { foldCountOf } from '../../domain/dataset/dataset-folds.js';
import { groupBy } from '../../domain/group-by.js';
import { type Method, SEARCH_METHOD } from '../../methods/method-table.js';
import type { NewTrial, StoredTrial, TrialPhase } from '../../domain/job/trial.js';
import type { TrainSpec } from '../../domain/task.js';
import { phenotypeKey } from '../../search/equal-trials.js';
import { byPlace, placeOf } from '../../search/history.js';
import { rungsOf } from '../../search/search-plan.js';
import { checkpointOf, type Training } from '../../storage/postgres/training-parts.js';
import { type NewTask, TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { divisionOf } from './divisions.js';
import { type JobContext, trainSpec } from '../job-context.js';
import { keepsPredictions } from './trial-fitness.js';

/** Seeds of the paper, then others; a search uses the first `count` (at most 10). */
const SEARCH_SEEDS = [684, 559, 629, 192, 835, 763, 707, 359, 9, 723] as const;

/** What was chosen with one seed is tried again with others, so that luck with a seed is not carried over. */
const FIRST_SEEDS = { CONFIRMATION: 25_000, SELECTION: 50_000, FINALS: 100_000 } as const satisfies Partial<
  Record<TrialPhase, number>
>;

/** One candidate of a method: the part of a trial that is the same wherever it is trained. */
export type Candidate = Pick<NewTrial, 'method' | 'lrMultipliers' | 'settings' | 'genes' | 'threshold'>;

/** The candidate that a trial tried. */
export const candidateOf = ({ method, lrMultipliers, settings, genes, threshold }: StoredTrial): Candidate => ({
  method,
  lrMultipliers,
  ...(settings !== undefined && { settings }),
  ...(genes !== undefined && { genes }),
  ...(threshold !== undefined && { threshold }),
});

/**
 * The best candidates of a search, best first; of equal ones the earlier, and of those that are trained alike one.
 *
 * Trials of all folds are compared, as in the paper: what is chosen from them is compared on all the data.
 *
 * @param areKin Which candidates are too much alike to be told apart: the better one goes first, the other after all that are
 *   like none of those before them. No two are, when absent.
 */
export function bestCandidates(
  trials: readonly StoredTrial[],
  method: Method,
  count: number,
  areKin: (a: StoredTrial, b: StoredTrial) => boolean = () => false,
): Candidate[] {
  const first: StoredTrial[] = [];
  const later: StoredTrial[] = [];
  for (const [trial] of groupBy(rankedTrials(trials, method), phenotypeKey).values()) {
    if (first.length === count) break;
    if (trial === undefined) continue;
    const isKin = first.some((better) => areKin(better, trial));
    (isKin ? later : first).push(trial);
  }
  return [...first, ...later].slice(0, count).map(candidateOf);
}

/** The trials of a method that could be trained, the best by their fitness first; of equal ones the earlier. */
export const rankedTrials = (trials: readonly StoredTrial[], method: Method): StoredTrial[] =>
  trials
    .filter((trial) => trial.method === method && trial.state === 'SUCCEEDED')
    .toSorted((a, b) => (a.fitness ?? Infinity) - (b.fitness ?? Infinity) || byPlace(a, b));

/** Puts candidates up for training. */
@Injectable()
export class Candidates {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
  ) {}

  /**
   * Inserts trials of one phase and method, and a training for each seed of the phase, unless a trial has ended before it began.
   *
   * @param trials Trials of the search have a fold, which is all data in ACCELERATED; those of other phases use all data. How
   *   that is divided for each of their trainings is in `divisionOf`.
   * @returns the trials that stand in their places, new or old, by generation and slot.
   */
  async insertAll(
    transaction: Transaction,
    context: JobContext,
    trials: readonly NewTrial[],
    seedCount: number,
  ): Promise<StoredTrial[]> {
    const stored = await this.trials.insertAll(transaction, context.job.id, trials);
    const ids = new Map(stored.map((trial) => [placeOf(trial), trial.id]));
    const trained = trials.filter(({ state }) => state === undefined);
    await this.tasks.insert(
      transaction,
      trained.flatMap((trial) => trainings(context, trial, ids.get(placeOf(trial)), seedCount)),
    );
    return stored;
  }

  /** Inserts the next part of the trainings of trials that wait at a rung. */
  async resumeAll(transaction: Transaction, context: JobContext, trials: readonly ResumedTrial[]): Promise<void> {
    await this.tasks.insert(
      transaction,
      trials.flatMap((trial) => nextParts(context, trial)),
    );
  }
}

/** A trial that goes on from the rung where it waits. */
export interface ResumedTrial {
  readonly trial: StoredTrial;
  /** Its trainings so far, one for each seed. */
  readonly trainings: readonly Training[];
  /** The rung that it goes to, from 0; it goes to its end when absent. */
  readonly rung?: number;
}

/** The trainings of one trial, each with a seed of its own; those of the evolution pause at its first rung, if it has rungs. */
function trainings(context: JobContext, trial: NewTrial, trialId: string | undefined, seedCount: number): NewTask[] {
  if (trialId === undefined) throw new Error(`${trial.method} has no trial in ${placeOf(trial)}`);
  const [rung] = trial.phase === 'SEARCH' && trial.method === SEARCH_METHOD ? rungsOf(context.job.spec) : [];
  const pause = rung === undefined ? {} : { pauseAfterEpochCount: rung };
  return trainingSeeds(trial.phase, seedCount).map((seed, index) => ({
    ...trainingTask(context, trial, seed, { part: 0, ...pause, ...divisionOf(context, trial.phase, index) }),
    trialId,
  }));
}

/** The next parts of the trainings of a trial that goes on, those of its trainings that have not ended. */
function nextParts(context: JobContext, { trial, trainings: soFar, rung }: ResumedTrial): NewTask[] {
  const rungs = rungsOf(context.job.spec);
  const seeds = trainingSeeds(trial.phase, context.job.spec.evaluation.seedCount);
  const part = rung ?? rungs.length;
  const pauseAfterEpochCount = rungs[part];
  return soFar.flatMap((training) => {
    const resumeFrom = checkpointOf(training);
    if (resumeFrom === undefined) return [];
    const stretch = { part, resumeFrom, ...(pauseAfterEpochCount !== undefined && { pauseAfterEpochCount }) };
    const division = divisionOf(context, trial.phase, seeds.indexOf(training.seed));
    return [{ ...trainingTask(context, trial, training.seed, { ...stretch, ...division }), trialId: trial.id }];
  });
}

/** The stretch of a training that one task does: part 0 begins it, and each later one goes on from a checkpoint. */
interface Stretch extends Pick<TrainSpec, 'pauseAfterEpochCount' | 'resumeFrom' | 'division'> {
  readonly part: number;
}

function trainingTask(context: JobContext, trial: NewTrial, seed: number, { part, ...stretch }: Stretch): NewTask {
  const { phase, method, lrMultipliers, settings, fold } = trial;
  const slice =
    fold === undefined ? { fold: 0, foldCount: 1 } : { fold, foldCount: foldCountOf(context.job.spec.data) };
  const candidate = { method, lrMultipliers, ...(settings !== undefined && { settings }) };
  const [phaseSeed = 0] = trainingSeeds(phase, 1);
  const key = `${KEY_PREFIXES[phase]}/${method}/${placeOf(trial)}/${seed}`;
  const keeps = { keepWeights: keepsWeights(context, trial), keepPredictions: keepsPredictions(context, phase) };
  const asked = { ...candidate, ...stretch, ...slice, ...keeps, seed, phaseSeed };
  return {
    scope: context.job.id,
    key: part === 0 ? key : `${key}/part-${part}`,
    seed,
    spec: { train: trainSpec(context, asked) },
  };
}

/** Whether somebody wants the weights of a trial's trainings: the report, or a soup of the search's finalists. */
const keepsWeights = ({ job }: JobContext, { phase, method }: Pick<NewTrial, 'phase' | 'method'>): boolean =>
  phase === 'FINALS' || (phase === 'SELECTION' && method === SEARCH_METHOD && job.spec.finals.usesSoup);

/** Seeds of the trainings of one phase; no two phases share one. */
export const trainingSeeds = (phase: TrialPhase, count: number): readonly number[] =>
  phase === 'SEARCH'
    ? SEARCH_SEEDS.slice(0, count)
    : Array.from({ length: count }, (_, index) => FIRST_SEEDS[phase] + index);

const KEY_PREFIXES: Readonly<Record<TrialPhase, string>> = {
  SEARCH: 'search',
  CONFIRMATION: 'confirmation',
  SELECTION: 'selection',
  FINALS: 'final',
};

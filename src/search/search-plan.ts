import { foldCountOf } from '../domain/dataset/dataset-folds.js';
import { phenotypeRules, type PhenotypeRules, lrMultipliers } from '../domain/job/genome.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import type { Rung } from '../domain/job/job-result.js';
import { worstFitness } from '../domain/job/evaluation.js';
import { type ObjectiveValues, valuesToKeepLow } from '../domain/job/search-objectives.js';
import { isOpenSpace } from '../domain/job/search-space.js';
import type { NewTrial, Pruning, StoredTrial } from '../domain/job/trial.js';
import { listedCandidates } from '../methods/apply-method.js';
import type { MethodDefinition } from '../methods/method-definition.js';
import { methodOf, SEARCH_METHOD, type SearchingMethod } from '../methods/method-table.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { trialCount } from '../methods/generation-size.js';
import { type AcceleratedConfig, type AcceleratedPlan, planAccelerated } from './accelerated/accelerated.js';
import type { Tried } from './accelerated/race.js';
import { rungReport } from './accelerated/rung-report.js';
import { rungEpochCounts } from './accelerated/rungs.js';
import { plan, type EvaluatedTrial, type SearchConfig } from './biotune.js';
import { gridCandidates, type ListedCandidate, randomSearchCandidates } from './candidate-lists.js';
import type { Place } from './history.js';
import type { SettingsSpace } from './settings-space.js';
import type { Block } from '../domain/base-model.js';
import type { SearchStopReason } from './stop-rules.js';

/** What the searches of a job follow from. */
export interface SearchScope {
  readonly spec: FineTuneJobSpec;
  /** The partition of the base model, input side first. */
  readonly blocks: readonly Pick<Block, 'id'>[];
  /** What a candidate comes to in `search.objectives`. */
  readonly objectiveValuesOf: (candidate: Pick<NewTrial, 'lrMultipliers' | 'settings'>) => ObjectiveValues;
}

/** A trial that a search asks for, whether or not it has been inserted. */
export type PlannedTrial = NewTrial & {
  readonly phase: 'SEARCH';
  readonly fold: number;
  /** The rung that its trainings go to, from 0; they go to their end when absent. */
  readonly rung?: number;
};

/** A trial of a search, with its mean validation loss at each rung that it came to. */
export type SearchedTrial = StoredTrial & { readonly losses: readonly number[] };

/** What a search asks for. */
export interface NextTrials {
  /** Those that are running among them. */
  readonly trials: readonly PlannedTrial[];
  /** The places of the search's trials that train no further, and why. */
  readonly dropped: readonly (Place & Pruning)[];
  /** Why the search ends before its last generation, where it does. */
  readonly stop?: SearchStopReason;
}

/** How a job's genomes are read. */
export const rulesOf = ({ spec: { search }, blocks }: Pick<SearchScope, 'spec' | 'blocks'>): PhenotypeRules =>
  phenotypeRules(
    search.blockConstraints,
    blocks.map(({ id }) => id),
    search.biotune.mode,
  );

/** Trials of a search that runs to its end, or to its budget. */
export const plannedTrialCount = ({ search, budget }: Pick<FineTuneJobSpec, 'search' | 'budget'>): number =>
  Math.min(trialCount(search.biotune), budget.trialCountMax ?? Infinity);

/** What the search of a job follows from. */
export function searchConfig(scope: SearchScope): SearchConfig {
  const { search, budget, warmStartGenomes, data } = scope.spec;
  const { seed, biotune, initialGenomes } = search;
  const { generationCount, populationSize, eliteCount, reproduction, mode } = biotune;
  return {
    seed,
    foldCount: foldCountOf(data),
    generationCount,
    populationSize,
    eliteCount,
    reproduction,
    evolution: SEARCH_MODES[mode].evolution,
    rules: rulesOf(scope),
    initialGenomes: [
      ...initialGenomes.map((genome) => ({ genome, origin: 'ENQUEUED' as const })),
      ...warmStartGenomes.map((genome) => ({ genome, origin: 'WARM_START' as const })),
    ],
    ...(budget.trialCountMax !== undefined && { trialCountMax: budget.trialCountMax }),
  };
}

/** The search's trials that have a fitness, as `plan` takes them. */
const evaluated = (trials: readonly StoredTrial[]): EvaluatedTrial[] =>
  trials.flatMap(({ method, generation, slot, genes, threshold, fitness }) =>
    method !== SEARCH_METHOD || genes === undefined || threshold === undefined || fitness === undefined
      ? []
      : [{ generation, slot, genome: { genes, threshold }, fitness }],
  );

/** The epochs after which the trainings of a job's evolution pause, ascending; empty where they do not. */
export const rungsOf = ({ search, training }: Pick<FineTuneJobSpec, 'search' | 'training'>): readonly number[] =>
  SEARCH_MODES[search.biotune.mode].algorithm === 'ACCELERATED' && search.accelerated.usesRungs
    ? rungEpochCounts(search.space.epochCount?.min ?? training.epochCount)
    : [];

/**
 * What a method asks for, given the trials that it has.
 *
 * @returns The evolution's next ones; all of a list. Nothing when the search is done.
 */
export function nextTrials(scope: SearchScope, method: SearchingMethod, trials: readonly SearchedTrial[]): NextTrials {
  const candidates = listOf(scope, methodOf(method));
  if (candidates !== undefined) {
    return { trials: candidates.map((candidate) => listed(method, candidate)), dropped: [] };
  }
  return SEARCH_MODES[scope.spec.search.biotune.mode].algorithm === 'ACCELERATED'
    ? acceleratedTrials(scope, trials)
    : { trials: evolvedTrials(scope, trials), dropped: [] };
}

function evolvedTrials(scope: SearchScope, trials: readonly StoredTrial[]): PlannedTrial[] {
  const config = searchConfig(scope);
  const next = plan(config, evaluated(trials));
  if (next.kind === 'DONE') return [];
  return next.trials.map(({ genome, ...place }) => ({
    phase: 'SEARCH',
    method: SEARCH_METHOD,
    ...place,
    ...genome,
    lrMultipliers: lrMultipliers(genome, config.rules),
  }));
}

/** Its genomes are multipliers and settings, so no genes are stored. */
function acceleratedTrials(scope: SearchScope, trials: readonly SearchedTrial[]): NextTrials {
  const next = acceleratedPlan(scope, trials);
  const rungs = rungsOf(scope.spec);
  const planned = next.kind === 'DONE' ? [] : next.trials;
  return {
    trials: planned.map(({ genome, ...place }) => ({
      phase: 'SEARCH',
      method: SEARCH_METHOD,
      ...place,
      ...genome,
    })),
    dropped: next.judgements
      .filter(({ verdict }) => verdict === 'DROPPED')
      .map(({ generation, slot, rung, loss, cut }) => {
        return { generation, slot, epochCount: rungs[rung] ?? 0, validationLoss: loss, cut };
      }),
    ...(next.stop !== undefined && { stop: next.stop }),
  };
}

const acceleratedPlan = (scope: SearchScope, trials: readonly SearchedTrial[]): AcceleratedPlan =>
  planAccelerated(acceleratedConfig(scope), triedOf(trials));

/** The trials of a job's evolution, as `planAccelerated` takes them. */
const triedOf = (trials: readonly SearchedTrial[]): Tried[] =>
  trials
    .filter(({ method }) => method === SEARCH_METHOD)
    .map(({ generation, slot, lrMultipliers: rates, settings, losses, fitness }) => ({
      generation,
      slot,
      genome: { lrMultipliers: rates, ...(settings !== undefined && { settings }) },
      losses,
      ...(fitness !== undefined && { fitness }),
    }));

/** How the rungs of a job's evolution have dropped candidates; empty where it has none. */
export function rungsReached(scope: SearchScope, trials: readonly SearchedTrial[]): Rung[] {
  const rungs = rungsOf(scope.spec);
  if (rungs.length === 0 || scope.spec.search.type === 'NONE') return [];
  return rungReport(rungs, acceleratedPlan(scope, trials).judgements, triedOf(trials));
}

/** The settings that candidates of a job differ in; undefined where all are fixed. */
function settingsSpaceOf({ spec: { search, training, data } }: SearchScope): SettingsSpace | undefined {
  if (!isOpenSpace(search.space)) return undefined;
  const { baseLearningRate, epochCount, labelSmoothing, weightDecay, batchSize } = training;
  const { augmentation, imageSizePx } = data;
  const ofTraining = { baseLearningRate, epochCount, labelSmoothing, weightDecay, batchSize };
  return { space: search.space, defaults: { ...ofTraining, augmentation, imageSizePx } };
}

/** What an accelerated search of a job follows from. */
function acceleratedConfig(scope: SearchScope): AcceleratedConfig {
  const { search, budget, evaluation, warmStartCandidates, priorCandidates } = scope.spec;
  const { seed, generationCount, populationSize, eliteCount, initialGenomes, rules } = searchConfig(scope);
  const { usesRungs: _asked, ...parts } = search.accelerated;
  return {
    ...parts,
    rungEpochCounts: rungsOf(scope.spec),
    seed,
    generationCount,
    populationSize,
    eliteCount,
    rules: rules.blocks,
    settings: settingsSpaceOf(scope),
    ...(search.objectives.length > 0 && {
      objectives: {
        valuesOf: (candidate) => valuesToKeepLow(scope.objectiveValuesOf(candidate)),
        worstFitness: worstFitness(evaluation),
      },
    }),
    initialCandidates: [
      ...initialGenomes.map(({ origin, genome }) => ({ origin, genome: lrMultipliers(genome, rules) })),
      ...warmStartCandidates.map(({ lrMultipliers: genome }) => ({ origin: 'WARM_START' as const, genome })),
      ...priorCandidates.map(({ lrMultipliers: genome }) => ({ origin: 'PRIOR' as const, genome })),
    ],
    ...(budget.expectedGainMin !== undefined && {
      gainRule: { expectedGainMin: budget.expectedGainMin, worstFitness: worstFitness(evaluation) },
    }),
    ...(budget.trialCountMax !== undefined && { trialCountMax: budget.trialCountMax }),
  };
}

/** The candidates of a search without evolution; undefined of other methods. */
export function listOf(scope: SearchScope, method: MethodDefinition): ListedCandidate[] | undefined {
  const { search, training, methods } = scope.spec;
  const blockCount = scope.blocks.length;
  switch (method.kind) {
    case 'RANDOM_GENOMES':
      return randomSearchCandidates({
        seed: search.seed,
        blockCount,
        rules: rulesOf(scope),
        settings: settingsSpaceOf(scope),
        count: plannedTrialCount(scope.spec),
      });
    case 'LIST':
      return gridCandidates(listedCandidates(method, { blockCount, ...training }, methods));
    default:
      return undefined;
  }
}

/** All on one fold: a candidate that was lucky with its images has beaten none that had others. */
const listed = (method: SearchingMethod, { genome, ...candidate }: ListedCandidate): PlannedTrial => ({
  phase: 'SEARCH',
  method,
  generation: 0,
  fold: 0,
  ...genome,
  ...candidate,
});

import { foldCountOf } from '../domain/dataset/dataset-folds.js';
import { phenotypeRules, type PhenotypeRules, lrMultipliers } from '../domain/job/genome.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import type { NewTrial, StoredTrial } from '../domain/job/trial.js';
import { listedCandidates } from '../methods/apply-method.js';
import type { MethodDefinition } from '../methods/method-definition.js';
import { methodOf, SEARCH_METHOD, type SearchingMethod } from '../methods/method-table.js';
import { SEARCH_MODES } from '../methods/search-modes.js';
import { trialCount } from '../methods/generation-size.js';
import { type AcceleratedConfig, planAccelerated } from './accelerated/accelerated.js';
import { plan, type EvaluatedTrial, type SearchConfig } from './biotune.js';
import { gridCandidates, type ListedCandidate, randomSearchCandidates } from './candidate-lists.js';
import type { Block } from '../domain/base-model.js';

/** What the searches of a job follow from. */
export interface SearchScope {
  readonly spec: FineTuneJobSpec;
  /** The partition of the base model, input side first. */
  readonly blocks: readonly Pick<Block, 'id'>[];
}

/** A trial that a search asks for, whether or not it has been inserted. */
export type PlannedTrial = NewTrial & { readonly phase: 'SEARCH'; readonly fold: number };

/** How a job's genomes are read. */
export const rulesOf = ({ spec: { search }, blocks }: SearchScope): PhenotypeRules =>
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

/**
 * The trials that a method asks for, given those that it has.
 *
 * @returns The evolution's next ones, those that are running among them; all of a list. Nothing when the search is done.
 */
export function plannedTrials(
  scope: SearchScope,
  method: SearchingMethod,
  trials: readonly StoredTrial[],
): PlannedTrial[] {
  const candidates = listOf(scope, methodOf(method));
  if (candidates !== undefined) return candidates.map((candidate) => listed(method, candidate));
  return SEARCH_MODES[scope.spec.search.biotune.mode].algorithm === 'ACCELERATED'
    ? acceleratedTrials(scope, trials)
    : evolvedTrials(scope, trials);
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

/** Its genomes are multipliers, so no genes are stored. */
function acceleratedTrials(scope: SearchScope, trials: readonly StoredTrial[]): PlannedTrial[] {
  const history = trials.flatMap(({ method, generation, slot, lrMultipliers: genome, fitness }) =>
    method !== SEARCH_METHOD || fitness === undefined ? [] : [{ generation, slot, genome, fitness }],
  );
  const next = planAccelerated(acceleratedConfig(scope), history);
  if (next.kind === 'DONE') return [];
  return next.trials.map(({ genome, ...place }) => ({
    phase: 'SEARCH',
    method: SEARCH_METHOD,
    ...place,
    lrMultipliers: genome,
  }));
}

/** What an accelerated search of a job follows from. */
function acceleratedConfig(scope: SearchScope): AcceleratedConfig {
  const { search, budget, warmStartCandidates, priorCandidates } = scope.spec;
  const { seed, generationCount, populationSize, eliteCount, initialGenomes, rules } = searchConfig(scope);
  return {
    ...search.accelerated,
    seed,
    generationCount,
    populationSize,
    eliteCount,
    rules: rules.blocks,
    initialCandidates: [
      ...initialGenomes.map(({ origin, genome }) => ({ origin, genome: lrMultipliers(genome, rules) })),
      ...warmStartCandidates.map(({ lrMultipliers: genome }) => ({ origin: 'WARM_START' as const, genome })),
      ...priorCandidates.map(({ lrMultipliers: genome }) => ({ origin: 'PRIOR' as const, genome })),
    ],
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

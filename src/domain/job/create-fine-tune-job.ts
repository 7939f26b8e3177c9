import { z } from 'zod';
import {
  BASELINES,
  type Baseline,
  methodSettingsSchema,
  SEARCH_METHOD,
  takesGenomes,
} from '../../methods/method-table.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { baseModelRefSchema } from '../base-model.js';
import { type BudgetConfig, budgetSchema, TRAINING_COUNT_MAX } from './budget.js';
import { dataSchema } from './data-config.js';
import { datasetReferenceSchema } from '../dataset/dataset-reference.js';
import { type EvaluationConfig, evaluationSchema, finalsSchema } from './evaluation.js';
import { REPRODUCIBILITIES } from '../runtime.js';
import { type SearchRequest, searchSchema } from './search-config.js';
import { boundedText } from '../text.js';
import { type TrainingRequest, trainingSchema } from './training-protocol.js';

const labelsSchema = z
  .record(boundedText(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= 16, { error: 'at most 16 labels' });

/** Body of `POST /fineTuneJobs`. Two fields are required; everything else has a default. */
export const createFineTuneJobSchema = z
  .strictObject({
    baseModel: baseModelRefSchema,
    dataset: datasetReferenceSchema,
    externalId: boundedText(128).optional(),
    displayName: boundedText(128).optional(),
    labels: labelsSchema.default({}),
    data: dataSchema.prefault({}),
    training: trainingSchema.prefault({}),
    search: searchSchema.prefault({}),
    evaluation: evaluationSchema.prefault({}),
    baselines: z.array(z.enum(BASELINES)).max(BASELINES.length).default(['FULL_FINE_TUNE', 'LINEAR_PROBE']),
    methods: methodSettingsSchema.prefault({}),
    finals: finalsSchema.prefault({}),
    budget: budgetSchema.prefault({}),
    parallelism: z
      .strictObject({
        /** Trainings at once; as many as the launcher has workers for when absent. */
        parallelTrialCountMax: z.int().min(1).max(256).optional(),
      })
      .prefault({}),
    /** The deployment's default when absent: BITWISE in standalone, else RECORDED. */
    reproducibility: z.enum(REPRODUCIBILITIES).optional(),
    output: z
      .strictObject({
        /** Model that the version is added to; one named after the job when absent. */
        model: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' })
          .optional(),
      })
      .prefault({}),
  })
  .superRefine(checkSearch)
  .superRefine(checkBaselines)
  .superRefine(checkUnused)
  .meta({ id: 'CreateFineTuneJob' });
export type CreateFineTuneJob = z.infer<typeof createFineTuneJobSchema>;

/** The parts of a request that must fit each other. */
interface SearchParts {
  readonly search: SearchRequest;
  readonly evaluation: EvaluationConfig;
  readonly training: TrainingRequest;
  readonly baselines: readonly Baseline[];
  readonly budget: BudgetConfig;
}

function checkSearch({ search, evaluation, training, baselines, budget }: SearchParts, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string, params: Record<string, unknown> = {}) =>
    context.addIssue({ code: 'custom', path, message, params });
  const { eliteCount, populationSize, generationCount, mode } = search.biotune;
  const wholeTrialCount = populationSize + generationCount * (populationSize + eliteCount);
  const searches = [search.type, ...baselines].filter((method) => method !== 'NONE' && takesGenomes(method));
  const trainingCount =
    evaluation.seedCount * searches.length * Math.min(wholeTrialCount, budget.trialCountMax ?? Infinity);
  if (trainingCount > TRAINING_COUNT_MAX) {
    const message = `the search asks for ${trainingCount} trainings; at most ${TRAINING_COUNT_MAX} are allowed: lower its sizes or evaluation.seedCount, or set budget.trialCountMax`;
    refuse(['search', 'biotune'], message, { trainingCount, trainingCountMax: TRAINING_COUNT_MAX });
  }
  if (eliteCount >= populationSize) {
    refuse(
      ['search', 'biotune', 'eliteCount'],
      `eliteCount is ${eliteCount}; it must be less than populationSize, which is ${populationSize}`,
      { reason: 'ELITE_NOT_LESS_THAN_POPULATION', eliteCount, populationSize },
    );
  }
  const givenCount = search.initialGenomes.length + search.warmStartFrom.length;
  if (givenCount > populationSize) {
    const message = `initialGenomes and warmStartFrom give ${givenCount} genomes; populationSize is ${populationSize}`;
    const field = search.initialGenomes.length > 0 ? 'initialGenomes' : 'warmStartFrom';
    refuse(['search', field], message, { givenCount, populationSize });
  }
  const { frozenBatchNorm } = training;
  const ofMode = SEARCH_MODES[mode].frozenBatchNorm;
  if (frozenBatchNorm !== undefined && frozenBatchNorm !== ofMode) {
    const message = `frozenBatchNorm is ${frozenBatchNorm}; mode ${mode} goes with ${ofMode}: leave it out, or change search.biotune.mode`;
    refuse(['training', 'frozenBatchNorm'], message, { frozenBatchNorm, mode });
  }
}

function checkBaselines({ search, baselines }: SearchParts, context: z.RefinementCtx): void {
  if (new Set(baselines).size !== baselines.length) {
    context.addIssue({ code: 'custom', path: ['baselines'], message: 'each baseline may be named once' });
  }
  if (search.type === 'NONE' && baselines.length === 0) {
    const message = 'search.type is NONE and baselines is empty, so there is nothing to train: name a baseline';
    context.addIssue({ code: 'custom', path: ['baselines'], message });
  }
}

/** What is only of use to the evolution is refused without it, instead of being ignored. */
function checkUnused({ search, budget }: SearchParts, context: z.RefinementCtx): void {
  if (search.type !== 'NONE') return;
  const unused = [
    ...(['initialGenomes', 'warmStartFrom'] as const)
      .filter((field) => search[field].length > 0)
      .map((field) => ['search', field]),
    ...(['targetMetricValue', 'plateauGenerationCount'] as const)
      .filter((field) => budget[field] !== undefined)
      .map((field) => ['budget', field]),
  ];
  for (const path of unused) {
    const message = `${path.join('.')} is of the ${SEARCH_METHOD} search, and search.type is NONE: leave it out`;
    context.addIssue({ code: 'custom', path, message });
  }
}

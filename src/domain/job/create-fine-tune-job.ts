import { z } from 'zod';
import {
  BASELINES,
  type Baseline,
  isSearching,
  METHODS_DESCRIPTION,
  methodSettingsSchema,
  SEARCH_METHOD,
  takesGenomes,
} from '../../methods/method-table.js';
import { trialCount } from '../../methods/generation-size.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { baseModelRefSchema } from '../base-model.js';
import { type BudgetConfig, budgetSchema, TRAINING_COUNT_MAX } from './budget.js';
import { dataSchema } from './data-config.js';
import { datasetReferenceSchema } from '../dataset/dataset-reference.js';
import { evaluationSchema } from './evaluation.js';
import { finalsSchema } from './finals-config.js';
import { reproducibilitySchema } from '../runtime.js';
import { searchSchema } from './search-config.js';
import { isOpenSpace } from './search-space.js';
import { boundedText } from '../text.js';
import { trainingSchema } from './training-protocol.js';
import { withModeDefaults } from './mode-defaults.js';

const labelsSchema = z
  .record(boundedText(64), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= 16, { error: 'at most 16 labels' });

/** A request as it is written. */
export const fineTuneJobRequestSchema = z
  .strictObject({
    baseModel: baseModelRefSchema.describe('The base model, as `baseModels/{id}` or the bare id.'),
    dataset: datasetReferenceSchema.describe(
      'The images, as `s3://bucket/prefix` or the resource name of a dataset version.',
    ),
    externalId: boundedText(128)
      .optional()
      .describe("The id of the job in the caller's system, unique within the project, at most 128 characters."),
    displayName: boundedText(128).optional().describe('The name that people read, at most 128 characters.'),
    labels: labelsSchema.default({}).describe("Words of the caller's own to tell jobs apart, at most 16."),
    data: dataSchema.prefault({}).describe('How the images are divided and used.'),
    training: trainingSchema.prefault({}).describe('The training protocol of every trial, baseline and final.'),
    search: searchSchema.prefault({}).describe('The search for candidates.'),
    evaluation: evaluationSchema.prefault({}).describe('How a candidate is measured.'),
    baselines: z
      .array(z.enum(BASELINES))
      .max(BASELINES.length)
      .default(['FULL_FINE_TUNE', 'LINEAR_PROBE'])
      .describe(`The methods trained and scored beside the search's winner, none twice. ${METHODS_DESCRIPTION}`),
    methods: methodSettingsSchema.prefault({}).describe('The settings of single methods.'),
    finals: finalsSchema
      .prefault({})
      .describe('How the candidates that a search found are told apart, and how methods are reported.'),
    budget: budgetSchema.prefault({}).describe('Where the search ends early.'),
    parallelism: z
      .strictObject({
        parallelTrialCountMax: z
          .int()
          .min(1)
          .max(256)
          .optional()
          .describe(
            'The largest number of trainings at once, 1 to 256; as many as the launcher has workers for when absent.',
          ),
      })
      .prefault({})
      .describe('How many trainings run at once.'),
    reproducibility: reproducibilitySchema.optional(),
    output: z
      .strictObject({
        model: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' })
          .optional()
          .describe('The id of the model that the version is added to; one named after the job when absent.'),
      })
      .prefault({})
      .describe('What becomes of the winner.'),
  })
  .meta({
    id: 'CreateFineTuneJob',
    description:
      'A request to fine-tune a base model on a dataset. Two fields are required; everything else has a ' + 'default.',
  });

/** Checks a request, and fills in what it leaves to the mode of its search. */
export const createFineTuneJobSchema = fineTuneJobRequestSchema
  .transform(withModeDefaults)
  .superRefine(checkSearch)
  .superRefine(checkMode)
  .superRefine(checkDivision)
  .superRefine(checkSpace)
  .superRefine(checkPriors)
  .superRefine(checkSoup)
  .superRefine(checkRetraining)
  .superRefine(checkBaselines)
  .superRefine(checkExpectedGain)
  .superRefine(checkUnused);
export type CreateFineTuneJob = z.infer<typeof createFineTuneJobSchema>;

type Filled = ReturnType<typeof withModeDefaults<z.output<typeof fineTuneJobRequestSchema>>>;

/** The parts of a request that must fit each other. */
interface SearchParts {
  readonly search: Filled['search'];
  readonly evaluation: Filled['evaluation'];
  readonly training: Filled['training'];
  readonly data: Filled['data'];
  readonly baselines: readonly Baseline[];
  readonly budget: BudgetConfig;
  readonly finals: Filled['finals'];
}

const refuserOf =
  (context: z.RefinementCtx) =>
  (path: string[], message: string, params: Record<string, unknown> = {}): void =>
    context.addIssue({ code: 'custom', path, message, params });

function checkSearch({ search, evaluation, baselines, budget }: SearchParts, context: z.RefinementCtx): void {
  const refuse = refuserOf(context);
  const { eliteCount, populationSize } = search.biotune;
  const wholeTrialCount = trialCount(search.biotune);
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
  if (evaluation.fitness === 'LOSS' && budget.targetMetricValue !== undefined) {
    const message = `targetMetricValue is ${budget.targetMetricValue}, a share of right answers; evaluation.fitness LOSS has none: leave it out, or choose another fitness`;
    refuse(['budget', 'targetMetricValue'], message);
  }
}

/** What a mode decides cannot be had otherwise. */
function checkMode({ search, training, data }: SearchParts, context: z.RefinementCtx): void {
  const refuse = refuserOf(context);
  const { mode } = search.biotune;
  const ofMode = SEARCH_MODES[mode];
  const { frozenBatchNorm, headInit } = training;
  if (frozenBatchNorm !== ofMode.frozenBatchNorm) {
    const message = `frozenBatchNorm is ${frozenBatchNorm}; mode ${mode} goes with ${ofMode.frozenBatchNorm}: leave it out, or change search.biotune.mode`;
    refuse(['training', 'frozenBatchNorm'], message, { frozenBatchNorm, mode });
  }
  if (search.type === 'NONE') return;
  if (ofMode.algorithm === 'ACCELERATED' && data.searchFraction !== 1) {
    const message = `searchFraction is ${data.searchFraction}; mode ${mode} compares its candidates on all the data: leave it out, or change search.biotune.mode`;
    refuse(['data', 'searchFraction'], message, { searchFraction: data.searchFraction, mode });
  }
  if (headInit === 'PROBE' && ofMode.headInit === 'RANDOM') {
    const message = `headInit is PROBE; candidates of mode ${mode} begin with a RANDOM head: leave it out, or change search.biotune.mode`;
    refuse(['training', 'headInit'], message, { headInit, mode });
  }
}

/**
 * Trainings of a candidate on other parts of the images each are refused without candidates, and where no part could be left out
 * of each.
 */
function checkDivision({ search, evaluation, data, baselines }: SearchParts, context: z.RefinementCtx): void {
  const { division, seedCount } = evaluation;
  if (division === 'FIXED') return;
  const refuse = refuserOf(context);
  const path = ['evaluation', 'division'];
  const { mode } = search.biotune;
  if (SEARCH_MODES[mode].algorithm !== 'ACCELERATED') {
    const message = `division is ${division}; it is of mode ACCELERATED, and search.biotune.mode is ${mode}: leave it out, or change the mode`;
    refuse(path, message, { division, mode });
  } else if (search.type === 'NONE' && !baselines.some(isSearching)) {
    const message = `division is ${division}, which divides the images for candidates of a search, and nothing searches here: leave it out, or name a method that tries candidates`;
    refuse(path, message, { division });
  } else if (seedCount < 2) {
    const message = `division is ${division}, which cuts the images into seedCount parts, at least 2, and evaluation.seedCount is ${seedCount}: raise seedCount, or leave division out`;
    refuse(path, message, { division, seedCount });
  } else if (data.searchFraction !== 1) {
    const message = `division is ${division}, which takes all images, and data.searchFraction is ${data.searchFraction}: leave one of them out`;
    refuse(path, message, { division, searchFraction: data.searchFraction });
  }
}

/** Open settings and further objectives are for a search that knows of them. */
function checkSpace({ search, baselines }: SearchParts, context: z.RefinementCtx): void {
  const refuse = refuserOf(context);
  const { mode } = search.biotune;
  const isSearched = search.type !== 'NONE' || baselines.some(takesGenomes);
  const used = [
    ...(isOpenSpace(search.space) ? ['space'] : []),
    ...(search.objectives.length > 0 ? ['objectives'] : []),
  ];
  for (const field of used) {
    if (SEARCH_MODES[mode].algorithm !== 'ACCELERATED') {
      const message = `search.${field} is of mode ACCELERATED, and search.biotune.mode is ${mode}: leave it out, or change the mode`;
      refuse(['search', field], message, { mode });
    } else if (!isSearched || (field === 'objectives' && search.type === 'NONE')) {
      const message = `search.${field} is of a search, and search.type is NONE: leave it out, or name a search`;
      refuse(['search', field], message);
    }
  }
}

/** Priors are refused where no search would begin with them. */
function checkPriors({ search }: SearchParts, context: z.RefinementCtx): void {
  if (search.priors === 'OFF' || search.type === 'NONE') return;
  const refuse = refuserOf(context);
  const { mode, populationSize } = search.biotune;
  if (SEARCH_MODES[mode].algorithm !== 'ACCELERATED') {
    const message = `priors is ${search.priors}; only mode ACCELERATED begins with candidates of earlier jobs that nobody names, and search.biotune.mode is ${mode}: leave it out, or change the mode`;
    refuse(['search', 'priors'], message, { priors: search.priors, mode });
  }
  const givenCount = search.initialGenomes.length + search.warmStartFrom.length;
  if (givenCount >= populationSize) {
    const message = `priors is ${search.priors}; initialGenomes and warmStartFrom take ${givenCount} places of generation 0, which has ${populationSize}: leave it out, or raise populationSize`;
    refuse(['search', 'priors'], message, { priors: search.priors, givenCount, populationSize });
  }
}

/** A soup is refused where no search could give models that began from one head. */
function checkSoup({ search, finals }: SearchParts, context: z.RefinementCtx): void {
  if (!finals.usesSoup) return;
  const refuse = refuserOf(context);
  const path = ['finals', 'usesSoup'];
  const { mode } = search.biotune;
  if (search.type === 'NONE') {
    refuse(path, 'usesSoup averages finalists of a search, and search.type is NONE: leave it out, or name a search');
  } else if (SEARCH_MODES[mode].algorithm !== 'ACCELERATED') {
    const message = `usesSoup is of mode ACCELERATED, and search.biotune.mode is ${mode}: leave it out, or change the mode`;
    refuse(path, message, { mode });
  } else if (finals.finalistCount < 2) {
    const message = `usesSoup averages at least 2 finalists, and finals.finalistCount is ${finals.finalistCount}: leave it out, or raise finalistCount`;
    refuse(path, message, { finalistCount: finals.finalistCount });
  }
}

/** What is delivered in the place of a soup could not be the soup again. */
function checkRetraining({ finals }: SearchParts, context: z.RefinementCtx): void {
  if (!finals.retrains || !finals.usesSoup) return;
  const message =
    'retrains is true, and usesSoup too: a soup has no epochs that could be repeated on all images: leave one of them out';
  refuserOf(context)(['finals', 'retrains'], message);
}

/** The least expected gain is refused where no search would expect one. */
function checkExpectedGain({ search, budget: { expectedGainMin } }: SearchParts, context: z.RefinementCtx): void {
  const { mode } = search.biotune;
  if (expectedGainMin === undefined || search.type === 'NONE') return;
  if (SEARCH_MODES[mode].algorithm === 'ACCELERATED') return;
  const message = `expectedGainMin is ${expectedGainMin}; only mode ACCELERATED expects gains, and search.biotune.mode is ${mode}: leave it out, or change the mode`;
  refuserOf(context)(['budget', 'expectedGainMin'], message, { expectedGainMin, mode });
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
    ...(search.priors === 'OFF' ? [] : [['search', 'priors']]),
    ...(['targetMetricValue', 'plateauGenerationCount', 'expectedGainMin'] as const)
      .filter((field) => budget[field] !== undefined)
      .map((field) => ['budget', field]),
  ];
  for (const path of unused) {
    const message = `${path.join('.')} is of the ${SEARCH_METHOD} search, and search.type is NONE: leave it out`;
    context.addIssue({ code: 'custom', path, message });
  }
}

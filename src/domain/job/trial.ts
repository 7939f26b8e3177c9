import { z } from 'zod';
import { METHODS, type Method } from '../../methods/method-table.js';
import { alpha } from '../../methods/pulls.js';
import { type Cost, costSchema } from './cost.js';
import { dataSchema } from './data-config.js';
import { type Genome, genomeSchema } from './genome.js';
import { normTuningSchema } from './norm-tuning.js';
import { runtimeSchema } from '../runtime.js';
import { timestampSchema } from '../text.js';
import { trainingSchema } from './training-protocol.js';

export const TRIAL_ORIGINS = [
  'INITIAL',
  'ELITE_EXPLOIT',
  'OFFSPRING',
  'RANDOM',
  'FINAL',
  'BASELINE',
  'ENQUEUED',
  'WARM_START',
  'GRID',
  'ANCHOR',
  'PRIOR',
] as const;
export type TrialOrigin = (typeof TRIAL_ORIGINS)[number];

/** The parts of a job that have trials, in the order of its life. */
export const TRIAL_PHASES = ['SEARCH', 'CONFIRMATION', 'SELECTION', 'FINALS'] as const;
export type TrialPhase = (typeof TRIAL_PHASES)[number];

export const TRIAL_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'INFEASIBLE', 'PRUNED', 'FAILED', 'CANCELLED'] as const;
export type TrialState = (typeof TRIAL_STATES)[number];

/** The states of a trial that has trainings still to come. */
export const OPEN_TRIAL_STATES: readonly TrialState[] = ['QUEUED', 'RUNNING'];

/** The states of a trial that has come to all that it was tried for. */
const COMPLETE_TRIAL_STATES: readonly TrialState[] = ['SUCCEEDED', 'INFEASIBLE', 'PRUNED'];

/** Whether a trial has come to all that it was tried for: a fitness, or not to be worth one. */
export const isComplete = ({ state }: { readonly state: TrialState }): boolean => COMPLETE_TRIAL_STATES.includes(state);

/** Whether a trial has trainings still to come. */
export const isOpen = ({ state }: { readonly state: TrialState }): boolean => OPEN_TRIAL_STATES.includes(state);

const BEST_EPOCH =
  'The number of the best epoch, from 1, or of the last one where nothing was validated; those of the training of a head ' +
  'that it begins with are counted.';
const bestEpoch = z.int().positive().describe(BEST_EPOCH);
const trainedParameterCount = z.int().min(0).describe('The number of parameters that learn in the training.');
const totalParameterCount = z.int().positive().describe('The number of parameters of the network.');

/** A figure of validation images; a training on all images of train and validation has none. */
const validated = (description: string) =>
  z.number().describe(description).optional().describe(`${description} A model of RETRAINED has none.`);

export const seedResultSchema = z
  .strictObject({
    seed: z.int().min(0).describe('The seed of the training.'),
    bestEpoch: bestEpoch.optional().describe(`${BEST_EPOCH} It is absent for a soup, which has no epochs.`),
    epochCount: z
      .int()
      .min(0)
      .describe('The number of epochs, those of a head that the training begins with included; 0 for a soup.'),
    validationLoss: validated('The mean cross-entropy on the validation images.'),
    validationAccuracy: validated('The share of the validation images that the model recognises, 0 to 1.'),
    validationMacroAccuracy: validated('The mean recall of the classes that have validation images, 0 to 1.'),
    validationMacroF1: validated(
      'The mean F1 of the classes that have validation images, 0 to 1; a class of which nothing is found counts 0.',
    ),
    validationCalibrationError: validated(
      'The expected calibration error on the validation images, 15 bins (arXiv 1706.04599): how far confidence and accuracy ' +
        'are apart, 0 to 1.',
    ),
    trainedParameterCount: trainedParameterCount
      .optional()
      .describe('The number of parameters that learn in the training; absent for a soup.'),
    totalParameterCount: totalParameterCount
      .optional()
      .describe('The number of parameters of the network; absent for a soup.'),
    trainSeconds: z.number().min(0).describe('The seconds that the training took.'),
    multiplyAccumulates: z.number().min(0).describe('The multiply-accumulates of the training, counted as in `Cost`.'),
    runtime: runtimeSchema.describe('What the training ran on.'),
  })
  .meta({
    id: 'SeedResult',
    description:
      'What one training of a trial gave, at its best epoch; or the soup of a seed, whose costs are its own alone.',
  });
export type SeedResult = Readonly<z.infer<typeof seedResultSchema>>;

const { baseLearningRate, epochCount, labelSmoothing, weightDecay, batchSize } = trainingSchema.shape;
const { augmentation, imageSizePx } = dataSchema.shape;

export const trialSettingsSchema = z
  .strictObject({
    alpha: alpha.optional(),
    baseLearningRate: baseLearningRate
      .unwrap()
      .optional()
      .describe('The learning rate of a block whose multiplier is 1.'),
    epochCount: epochCount.describe('The largest number of epochs of a training.'),
    augmentation: augmentation.unwrap().optional().describe('How training images are varied from epoch to epoch.'),
    labelSmoothing: labelSmoothing
      .unwrap()
      .optional()
      .describe('The share of each target that is spread evenly over all classes.'),
    weightDecay: weightDecay.unwrap().optional().describe('The weight decay.'),
    imageSizePx: imageSizePx.describe('The side of the square input, in pixels.'),
    batchSize: batchSize.describe('The number of images of a batch.'),
    usesGradientRates: z
      .boolean()
      .optional()
      .describe(
        "Whether each tensor's rate also goes by its relative gradient norm, as by AUTO_RGN, so that a multiplier is the " +
          'most that its block has; absent where rates are the multipliers alone.',
      ),
    normTuning: normTuningSchema
      .optional()
      .describe('The blocks whose norms and biases alone learn; absent where all that trains learns whole.'),
  })
  .meta({
    id: 'TrialSettings',
    description:
      "What a candidate sets over its method's own settings and the job's `training` and `data`; a field that is " +
      'absent is as these say.',
  });
export type TrialSettings = Readonly<z.infer<typeof trialSettingsSchema>>;

export const pruningSchema = z
  .strictObject({
    epochCount: z
      .int()
      .positive()
      .describe('The epochs after which the candidate was dropped, without those of a probed head.'),
    validationLoss: z
      .number()
      .min(0)
      .describe('The mean cross-entropy on the validation images of all seeds after the last of them.'),
    cut: z
      .number()
      .min(0)
      .describe(
        'The loss that the candidate would have needed, or less; the median of all candidates that came as far.',
      ),
  })
  .meta({ id: 'Pruning', description: 'Why a candidate was dropped before its trainings had ended.' });
export type Pruning = Readonly<z.infer<typeof pruningSchema>>;

export const trialSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `projects/{project}/fineTuneJobs/{job}/trials/{id}`.'),
    id: z.string().describe('The id of the trial.'),
    phase: z
      .enum(TRIAL_PHASES)
      .describe(
        'The part of the job that the trial belongs to. SEARCH: it is a candidate of a search. ' +
          'CONFIRMATION: it tries a candidate that has reached `budget.targetMetricValue` again, on other images; it has the ' +
          'generation and slot of that one. SELECTION: it tells the best candidates of a search apart. FINALS: it reports one candidate of a method, or repeats one as RETRAINED.',
      ),
    generation: z.int().min(0).describe('The generation, from 0; 0 in all that is no evolution.'),
    slot: z
      .int()
      .min(0)
      .describe(
        'The place in the generation, from 0; with phase, method and generation it names the trial within ' +
          'its job.',
      ),
    origin: z
      .enum(TRIAL_ORIGINS)
      .describe(
        'Where the candidate came from. INITIAL: drawn for the initial population. ELITE_EXPLOIT: a probe ' +
          'close to an elite. OFFSPRING: a child of two members of the population. RANDOM: drawn by ' +
          'RANDOM_SEARCH, or in place of a child where too few parents are left. FINAL: one of the best of a ' +
          'search, or their soup. BASELINE: the one candidate of a method. ENQUEUED: given by the caller. WARM_START: the ' +
          "best of an earlier job. GRID: one of a method's list. ANCHOR: one that an accelerated search begins with, " +
          'whatever the data. PRIOR: the best of an earlier job that `search.priors` has found.',
      ),
    method: z.enum(METHODS).describe('The method that the candidate is of.'),
    genome: genomeSchema.optional().describe('The genome that the trial tried; absent where none was drawn.'),
    lrMultipliers: z
      .array(z.number())
      .readonly()
      .describe(
        'One factor on the base learning rate per block, input side first; 0 where frozen. A SOUP has those of its best member, ' +
          'RETRAINED those of the candidate that it repeats.',
      ),
    settings: trialSettingsSchema
      .optional()
      .describe("What the candidate sets over its method's own settings; absent where it sets nothing."),
    fold: z
      .int()
      .min(0)
      .optional()
      .describe(
        'The slice of train and validation that was used, from 0; absent outside of SEARCH, where all is used.',
      ),
    state: z
      .enum(TRIAL_STATES)
      .describe(
        'Where the trial stands. QUEUED: no training has begun. RUNNING: it is being trained. SUCCEEDED: ' +
          'all its trainings have ended well. INFEASIBLE: it cannot be trained, and `infeasibleReason` says ' +
          'why. PRUNED: its first epochs promised too little, and `pruning` says what. FAILED: it has ended ' +
          'without a result. CANCELLED: nobody wants its result any more.',
      ),
    infeasibleReason: z
      .string()
      .optional()
      .describe('The reason why the candidate cannot be trained; present when INFEASIBLE.'),
    pruning: pruningSchema.optional().describe('Why the candidate was dropped; present when PRUNED.'),
    seedResults: z
      .array(seedResultSchema)
      .readonly()
      .describe(
        'What each training that has ended well gave, one for each seed; of one that has paused, what it has come to.',
      ),
    reusedTrial: z
      .string()
      .optional()
      .describe(
        'The resource name of a trial of the same multipliers and settings on the same fold, whose results these ' +
          'are; it alone was trained.',
      ),
    retrainedTrial: z
      .string()
      .optional()
      .describe(
        'The resource name of the trial of FINALS whose candidate is trained again here on train and validation together; ' +
          'present where the method is RETRAINED.',
      ),
    cost: costSchema.describe(
      'What the trainings that have ended well took; nothing where they are those of `reusedTrial`.',
    ),
    fitness: z
      .number()
      .optional()
      .describe(
        'What `evaluation.fitness` says, of the mean over the seeds, or in the search of all images together where ' +
          '`evaluation.division` is REDIVIDED: lower is better. Present once the trainings have ended; absent where ' +
          'nothing was validated.',
      ),
    createTime: timestampSchema.describe('The time at which the trial was created, RFC 3339 in UTC.'),
    endTime: timestampSchema.optional().describe('The time at which the trial ended, RFC 3339 in UTC.'),
  })
  .meta({ id: 'Trial', description: 'The evaluation of one genome, or of one method in the finals.' });
export type Trial = Readonly<z.infer<typeof trialSchema>>;

/** A trial as its row holds it: without what its tasks tell. */
export interface StoredTrial {
  readonly id: string;
  readonly jobId: string;
  readonly phase: TrialPhase;
  readonly generation: number;
  readonly slot: number;
  readonly origin: TrialOrigin;
  readonly method: Method;
  /** Absent, as `threshold` is, where no genome was drawn. */
  readonly genes?: readonly number[];
  readonly threshold?: number;
  readonly lrMultipliers: readonly number[];
  /** Absent where the candidate sets nothing over its method's settings. */
  readonly settings?: TrialSettings;
  readonly fold?: number;
  readonly state: TrialState;
  readonly infeasibleReason?: string;
  readonly pruning?: Pruning;
  readonly fitness?: number;
  /** A trial of the same multipliers and settings on the same fold, whose trainings count for this one too. */
  readonly reusedTrialId?: string;
  /** The trial whose candidate this one trains again on all images; present where the method is RETRAINED. */
  readonly retrainedTrialId?: string;
  readonly createTime: Date;
  readonly endTime?: Date;
}

/** A trial's place in its job. */
export type TrialPlace = Pick<StoredTrial, 'phase' | 'generation' | 'slot' | 'method'>;

/** A trial to insert. */
export type NewTrial = TrialPlace &
  Pick<StoredTrial, 'origin' | 'lrMultipliers'> &
  Partial<
    Pick<
      StoredTrial,
      | 'genes'
      | 'threshold'
      | 'settings'
      | 'fold'
      | 'state'
      | 'infeasibleReason'
      | 'fitness'
      | 'reusedTrialId'
      | 'retrainedTrialId'
    >
  >;

/** The genome of a trial, where one was drawn. */
export function genomeOf({ genes, threshold }: Pick<StoredTrial, 'genes' | 'threshold'>): Genome | undefined {
  return genes === undefined || threshold === undefined ? undefined : { genes, threshold };
}

/** How often a method could not be trained, or scored, for one reason. */
export interface InfeasibleCount {
  readonly method: Method;
  readonly reason: string;
  readonly count: number;
}

/** What the trainings of one method in one phase of a job took, or its soups, those that have ended well. */
export interface TrainingTotals extends Cost {
  readonly trainSeconds: number;
  readonly jobId: string;
  readonly phase: TrialPhase;
  readonly method: Method;
}

export const metricPointSchema = z
  .strictObject({
    trial: z.string().describe('The resource name of the trial.'),
    seed: z.int().min(0).describe('The seed of the training.'),
    name: z.string().describe('The name of the metric.'),
    epoch: z.int().min(0).describe('The number of the epoch.'),
    value: z.number().describe('The value of the metric at the epoch.'),
  })
  .meta({ id: 'MetricPoint', description: "One value of a training's curve." });
export type MetricPoint = Readonly<z.infer<typeof metricPointSchema>>;

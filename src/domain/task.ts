import { z } from 'zod';
import { classRecallSchema } from './class-recall.js';
import { artifactSchema } from './artifact.js';
import { datasetClassSchema, datasetIssueSchema, shardSchema, splitConfigSchema } from './dataset/dataset.js';
import { divisionSchema } from './dataset/division.js';
import { type Failure, failureSchema } from './errors.js';
import { AUGMENTATIONS } from './job/data-config.js';
import { objectiveSchema } from './job/evaluation.js';
import { trainingProtocolSchema } from './job/training-protocol.js';
import { retrainingSchema } from './retraining.js';
import { runtimeSchema } from './runtime.js';
import { techniqueSchema } from '../methods/method-table.js';
import { seedResultSchema, trialSettingsSchema } from './job/trial.js';

export const importSpecSchema = z
  .strictObject({
    prefix: z.string().describe('The prefix of the images in the bucket, without a slash at its start or end.'),
    split: splitConfigSchema.describe('How the images are divided.'),
  })
  .meta({
    id: 'ImportSpec',
    description:
      'The import of one dataset version: list, decode and check every image, fix the class order, split ' +
      'and pack. The objects are listed through the control connection.',
  });
export type ImportSpec = Readonly<z.infer<typeof importSpecSchema>>;

export const networkSpecSchema = z
  .strictObject({
    architecture: z.string().describe('The network definition that reads the weights, such as `efficientnet-lite0`.'),
    weights: artifactSchema.describe('The weight file.'),
    mean: z
      .array(z.number())
      .length(3)
      .readonly()
      .describe('The mean of each RGB channel, on pixel values 0 to 255: input = (pixel - mean) / std.'),
    std: z
      .array(z.number())
      .length(3)
      .readonly()
      .describe('The standard deviation of each RGB channel, on pixel values 0 to 255.'),
    imageSizePx: z.int().positive().describe('The side of the square input, in pixels.'),
    classCount: z.int().min(2).describe('The number of classes.'),
  })
  .meta({ id: 'NetworkSpec', description: "A base model's weights and how to feed it, as a worker needs them." });

export const packSpecSchema = z
  .strictObject({
    manifest: artifactSchema.describe('The manifest: one line per image.'),
    shards: z.array(shardSchema).min(1).readonly().describe('The files of images.'),
  })
  .meta({
    id: 'PackSpec',
    description: "Packed images that a task may read; a search task is never given the test split's shards.",
  });
export type PackSpec = Readonly<z.infer<typeof packSpecSchema>>;

const runtimeOfJob = runtimeSchema
  .optional()
  .describe('The runtime of the job, once a training has fixed it: a worker that runs otherwise refuses the task.');

export const trainSpecSchema = z
  .strictObject({
    network: networkSpecSchema.describe('The network to begin with.'),
    pack: packSpecSchema.describe('The training and validation images.'),
    training: trainingProtocolSchema.describe('The training protocol.'),
    augmentation: z.enum(AUGMENTATIONS).describe('How training images are varied from epoch to epoch.'),
    lrMultipliers: z
      .array(z.number().min(0))
      .min(1)
      .readonly()
      .describe('One factor on the base learning rate per block, input side first; 0 where frozen.'),
    normTuning: trialSettingsSchema.shape.normTuning,
    technique: techniqueSchema.describe('How the training moves the weights.'),
    objective: objectiveSchema.describe('What the best epoch is chosen by, and early stopping goes by.'),
    seed: z.int().min(0).describe('The seed that every random draw of the training follows from, but for the head.'),
    headSeed: z
      .int()
      .min(0)
      .describe('The seed of the fresh head, and of its training where `training.headInit` is PROBE.'),
    fold: z
      .int()
      .min(0)
      .describe('The slice of train and validation to use, from 0; all of the images are slice 0 of 1.'),
    foldCount: z.int().positive().describe('The number of slices that train and validation are cut into.'),
    keepWeights: z.boolean().describe("Whether the best epoch's weights are uploaded."),
    pauseAfterEpochCount: z
      .int()
      .positive()
      .optional()
      .describe(
        'The epochs of its last stage after which the training pauses, unless it has ended: its checkpoint is ' +
          'uploaded. It does not pause when absent.',
      ),
    resumeFrom: artifactSchema
      .optional()
      .describe('The checkpoint of the same training that it goes on from; it begins anew when absent.'),
    division: divisionSchema
      .optional()
      .describe('How train and validation are divided anew, of all images; as the dataset divides them when absent.'),
    retraining: retrainingSchema
      .optional()
      .describe(
        'How long a training on all images lasts; present for such a training, which is of no fold and no division.',
      ),
    keepPredictions: z
      .boolean()
      .describe("Whether what the best epoch's weights take the validation images for is uploaded."),
    runtime: runtimeOfJob,
  })
  .meta({ id: 'TrainSpec', description: 'One training of one candidate.' });
export type TrainSpec = Readonly<z.infer<typeof trainSpecSchema>>;

export const scoreSpecSchema = z
  .strictObject({
    network: networkSpecSchema.describe('The trained network.'),
    pack: packSpecSchema.describe('The test images.'),
    runtime: runtimeOfJob,
  })
  .meta({ id: 'ScoreSpec', description: 'The scoring of one trained model on the test images.' });
export type ScoreSpec = Readonly<z.infer<typeof scoreSpecSchema>>;

const SOUP_MEMBERS_MAX = 16;

export const soupSpecSchema = z
  .strictObject({
    network: networkSpecSchema.describe(
      'The network with the weights of the best member, which the others are averaged with.',
    ),
    others: z
      .array(artifactSchema)
      .min(1)
      .max(SOUP_MEMBERS_MAX - 1)
      .readonly()
      .describe(
        `The weight files of the other members, the better ones first, 1 to ${SOUP_MEMBERS_MAX - 1}; all were trained ` +
          'from the same head as the best.',
      ),
    pack: trainSpecSchema.shape.pack,
    fold: trainSpecSchema.shape.fold,
    foldCount: trainSpecSchema.shape.foldCount,
    division: trainSpecSchema.shape.division,
    objective: objectiveSchema.describe('What decides which members join.'),
    batchSize: z.int().min(2).max(4096).describe('The number of images in memory at a time, 2 to 4096.'),
    runtime: runtimeOfJob,
  })
  .meta({
    id: 'SoupSpec',
    description:
      'The greedy soup of some trained models: their mean, in which a member is only if the validation images do not ' +
      'speak against it (arXiv 2203.05482).',
  });
export type SoupSpec = Readonly<z.infer<typeof soupSpecSchema>>;

export const importResultSchema = z
  .strictObject({
    manifest: artifactSchema.describe('The manifest: one line per image.'),
    shards: z.array(shardSchema).min(1).readonly().describe('The files of images.'),
    classes: z.array(datasetClassSchema).min(2).readonly().describe('The classes, in the order of their index.'),
    imageCount: z.int().positive().describe('The number of images in all.'),
    sizeBytes: z.int().positive().describe('The size of the images in all, in bytes.'),
    issues: z
      .array(datasetIssueSchema)
      .readonly()
      .describe('What was found in the images that did not stop the import.'),
  })
  .meta({ id: 'ImportResult', description: 'What an import found and packed.' });
export type ImportResult = Readonly<z.infer<typeof importResultSchema>>;

export const trainResultSchema = z
  .strictObject({
    ...seedResultSchema.omit({ seed: true }).shape,
    bestEpoch: seedResultSchema.shape.bestEpoch.unwrap(),
    epochCount: z
      .int()
      .positive()
      .describe('The number of epochs, those of a head that the training begins with included.'),
    stageBestEpochs: z
      .array(z.int().min(0))
      .min(1)
      .readonly()
      .describe(
        'The best epoch of each stage, from 1 in the stage, or its last one where nothing was validated; 0 where no epoch was ' +
          'better than the head that the training began with.',
      ),
    trainedParameterCount: seedResultSchema.shape.trainedParameterCount.unwrap(),
    totalParameterCount: seedResultSchema.shape.totalParameterCount.unwrap(),
    weights: artifactSchema
      .optional()
      .describe('The weights of the best epoch; present when the task asked to keep them.'),
    lastValidationLoss: z
      .number()
      .min(0)
      .optional()
      .describe(
        'The mean cross-entropy on the validation images after the last epoch; present when the task said where to pause.',
      ),
    validationImageCount: z
      .int()
      .positive()
      .optional()
      .describe('The number of validation images; present when the task said how the images are divided anew.'),
    checkpoint: artifactSchema
      .optional()
      .describe('Where the training stands; present when it has paused, and absent when it has ended.'),
    predictions: artifactSchema
      .optional()
      .describe(
        'A JSON file: the validation images, the class index of each, and the one that the weights of the best epoch ' +
          'gave it; present when the task asked to keep it and the training has not paused.',
      ),
  })
  .meta({
    id: 'TrainResult',
    description:
      'What one training gave, at its best epoch. Where it went on from a checkpoint, `epochCount`, `trainSeconds` and ' +
      '`multiplyAccumulates` are those of the task alone.',
  });
export type TrainResult = Readonly<z.infer<typeof trainResultSchema>>;

export const scoreFiguresSchema = z
  .strictObject({
    loss: z.number().describe('The mean cross-entropy on the test images.'),
    accuracy: z.number().min(0).max(1).describe('The share of the test images that the model recognises, 0 to 1.'),
    macroAccuracy: z.number().min(0).max(1).describe('The mean recall of the classes that have test images, 0 to 1.'),
    macroF1: z.number().min(0).max(1).describe('The mean F1 of the classes that have test images, 0 to 1.'),
    calibrationError: z
      .number()
      .min(0)
      .max(1)
      .describe('The expected calibration error on the test images, 15 bins, 0 to 1.'),
    imageCount: z.int().positive().describe('The number of test images.'),
  })
  .describe('How a model did on the test split.');

export const scoreReportSchema = z
  .strictObject({
    recalls: z.array(classRecallSchema).min(1).readonly().describe('The recalls of the classes that have test images.'),
    labels: z
      .array(z.int().min(0))
      .readonly()
      .describe('The class index of each image, in one order for all models of a dataset version.'),
    predictions: z
      .array(z.int().min(0))
      .readonly()
      .describe('The class index that the model gave each image, in the order of `labels`.'),
  })
  .describe('What of a score grows with the images and classes: a JSON file in object storage.');
export type ScoreReport = Readonly<z.infer<typeof scoreReportSchema>>;

export const scoreResultSchema = scoreFiguresSchema
  .extend({
    report: artifactSchema.describe(
      'A JSON file: the recalls of the classes that have test images, and the class index of each image ' +
        'beside the one that the model gave it.',
    ),
  })
  .meta({ id: 'ScoreResult', description: 'How a model did on the test split.' });
export type ScoreResult = Readonly<z.infer<typeof scoreResultSchema>>;

/** Figures and report of a score together. */
export type TestScore = Readonly<z.infer<typeof scoreFiguresSchema>> & ScoreReport;

export const soupTrySchema = z
  .strictObject({
    memberIndex: z
      .int()
      .min(1)
      .max(SOUP_MEMBERS_MAX - 1)
      .describe(
        'The place of the member, from 1 for the first of `others`; the best, 0, is in the soup without a try.',
      ),
    figureBefore: z
      .number()
      .describe("The objective's figure on the validation images without the member: higher is better."),
    figureAfter: z
      .number()
      .optional()
      .describe('The figure with the member; absent where the validation loss was not a number.'),
    hasJoined: z.boolean().describe('Whether the member is in the soup: the figure has not fallen.'),
  })
  .meta({ id: 'SoupTry', description: 'What became of one member of a soup.' });
export type SoupTry = Readonly<z.infer<typeof soupTrySchema>>;

const figures = seedResultSchema.shape;

export const soupResultSchema = z
  .strictObject({
    weights: artifactSchema.describe('The weights of the mean of the members that have joined.'),
    tries: z
      .array(soupTrySchema)
      .min(1)
      .max(SOUP_MEMBERS_MAX - 1)
      .readonly()
      .describe('What became of each other member, in the order of `others`.'),
    validationLoss: figures.validationLoss.unwrap(),
    validationAccuracy: figures.validationAccuracy.unwrap(),
    validationMacroAccuracy: figures.validationMacroAccuracy.unwrap(),
    validationMacroF1: figures.validationMacroF1.unwrap(),
    validationCalibrationError: figures.validationCalibrationError.unwrap(),
    predictions: artifactSchema.describe(
      'A JSON file: the validation images, the class index of each, and the one that the mean gave it.',
    ),
    soupSeconds: z.number().min(0).describe('The seconds that the tries took.'),
    multiplyAccumulates: z.number().min(0).describe('The multiply-accumulates of the tries, counted as in `Cost`.'),
    runtime: runtimeSchema.describe('What the tries ran on.'),
  })
  .meta({ id: 'SoupResult', description: 'What a greedy soup came to.' });
export type SoupResult = Readonly<z.infer<typeof soupResultSchema>>;

export const taskSpecSchema = z
  .union([
    z.strictObject({ import: importSpecSchema.describe('The import to do.') }),
    z.strictObject({ train: trainSpecSchema.describe('The training to do.') }),
    z.strictObject({ score: scoreSpecSchema.describe('The scoring to do.') }),
    z.strictObject({ soup: soupSpecSchema.describe('The soup to make.') }),
  ])
  .meta({ id: 'TaskSpec', description: 'What a leased task asks for; exactly one member is present.' });
export type TaskSpec = Readonly<z.infer<typeof taskSpecSchema>>;

export const taskResultSchema = z
  .union([
    z.strictObject({ import: importResultSchema.describe('What the import gave.') }),
    z.strictObject({ train: trainResultSchema.describe('What the training gave.') }),
    z.strictObject({ score: scoreResultSchema.describe('What the scoring gave.') }),
    z.strictObject({ soup: soupResultSchema.describe('What the soup came to.') }),
  ])
  .meta({
    id: 'TaskResult',
    description: 'What a task ended with; exactly one member is present, the one of its spec.',
  });
export type TaskResult = Readonly<z.infer<typeof taskResultSchema>>;

export const TASK_KIND_NAMES = ['IMPORT', 'TRAIN', 'SCORE', 'SOUP'] as const;
export type TaskKind = (typeof TASK_KIND_NAMES)[number];

type Content<T, Member extends string> = T extends Readonly<Record<Member, infer C>> ? C : never;

/** The one member of a spec or a result. @throws {Error} when it is of another kind. */
export function contentOf<T extends TaskSpec | TaskResult, Member extends Lowercase<TaskKind>>(
  of: T,
  member: Member,
): Content<T, Member> {
  const content: unknown = Reflect.get(of, member);
  if (content === undefined) throw new Error(`asked for ${member}, given ${Object.keys(of).join()}`);
  return content as Content<T, Member>;
}

/** The kind that a spec or a result is of. */
export function taskKind(of: TaskSpec | TaskResult): TaskKind {
  if ('import' in of) return 'IMPORT';
  if ('train' in of) return 'TRAIN';
  return 'score' in of ? 'SCORE' : 'SOUP';
}

export const taskOutcomeSchema = z
  .union([
    z.strictObject({ succeeded: taskResultSchema.describe('The result.') }),
    z.strictObject({
      infeasible: failureSchema.describe(
        "A failure that is the genome's or the data's fault: the task is not tried again.",
      ),
    }),
    z.strictObject({
      fault: failureSchema.describe('A failure whose reason says whether the task is tried again, and how often.'),
    }),
  ])
  .meta({ id: 'TaskOutcome', description: 'How an attempt ended; exactly one member is present.' });
export type TaskOutcome = Readonly<z.infer<typeof taskOutcomeSchema>>;

export const TASK_STATES = ['queued', 'leased', 'succeeded', 'infeasible', 'cancelled'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** A unit of leased work, as its row holds it. */
export interface StoredTask {
  readonly id: string;
  /** The job, or `{dataset}/versions/{number}`: workers see the tasks of one scope. */
  readonly scope: string;
  /** Names the task within its scope, so that a repeated insert changes nothing. */
  readonly key: string;
  readonly kind: TaskKind;
  readonly trialId?: string;
  readonly seed?: number;
  readonly spec: TaskSpec;
  readonly state: TaskState;
  readonly notBefore: Date;
  /** Leases given. */
  readonly claims: number;
  /** Tries that ended in a way that may be the genome's fault; its reason says how many there may be. */
  readonly faults: number;
  /** Workers that fell silent while the leader of the scope did not; bounded apart. */
  readonly leaseLosses: number;
  /** Tries that ended because of the infrastructure; they count against nothing. */
  readonly outages: number;
  /** When the first of those tries ended that no progress has come after. */
  readonly outageSince?: Date;
  /** Times that a worker gave the task back untouched. */
  readonly preemptions: number;
  /** Number of the current or last lease; grows across all tasks. */
  readonly fence: number;
  readonly leaseOwner?: string;
  readonly leaseUntil?: Date;
  /** Epoch of whoever led the scope when the lease was given. */
  readonly leaderEpoch?: number;
  readonly failure?: Failure;
  readonly result?: TaskResult;
  readonly createTime: Date;
  readonly endTime?: Date;
}

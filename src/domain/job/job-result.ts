import { z } from 'zod';
import { classRecallSchema } from '../class-recall.js';
import { costSchema } from './cost.js';
import { priorOutcomeSchema } from './earlier-candidate.js';
import { genomeSchema } from './genome.js';
import { measuredGainSchema } from './measured-gain.js';
import { paretoPointSchema } from './search-objectives.js';
import { METHODS, SEARCH_METHOD } from '../../methods/method-table.js';
import { trialSchema, trialSettingsSchema } from './trial.js';
import { runtimeSchema } from '../runtime.js';

/** Figures of single classes are in a result of no more classes than this; those of more are in the version's `metrics.json`. */
export const RESULT_CLASS_COUNT_MAX = 100;

export const intervalSchema = z
  .strictObject({ low: z.number().describe('The lower bound.'), high: z.number().describe('The upper bound.') })
  .meta({ id: 'Interval', description: 'The bounds between which the true value lies with 95 % confidence.' });
export type Interval = Readonly<z.infer<typeof intervalSchema>>;

/** A training on all images of train and validation has nothing left to validate on. */
const UNLESS_VALIDATED = ' RETRAINED has none.';

export const seedScoreSchema = z
  .strictObject({
    seed: z.int().min(0).describe('The seed of the training.'),
    validationAccuracy: z
      .number()
      .optional()
      .describe(`The share of the validation images that the model recognises, 0 to 1.${UNLESS_VALIDATED}`),
    validationMacroAccuracy: z
      .number()
      .optional()
      .describe(`The mean recall of the classes that have validation images, 0 to 1.${UNLESS_VALIDATED}`),
    testAccuracy: z.number().describe('The share of the test images that the model recognises, 0 to 1.'),
    testMacroAccuracy: z.number().describe('The mean recall of the classes that have test images, 0 to 1.'),
    testMacroF1: z.number().describe('The mean F1 of the classes that have test images, 0 to 1.'),
  })
  .meta({
    id: 'SeedScore',
    description: 'One model of a method, trained with one of the reporting seeds and scored once.',
  });
export type SeedScore = Readonly<z.infer<typeof seedScoreSchema>>;

export const retrainedMethodSchema = z
  .strictObject({
    method: z.enum(METHODS).describe('The method that was trained again.'),
    stageEpochCounts: z
      .array(z.int().min(1))
      .readonly()
      .describe(
        "The epochs of each stage of the trainings: the median of the best epochs of the method's finals, rounded, and at least 1.",
      ),
    testAccuracyDifference: z.number().describe("RETRAINED's mean test accuracy minus that of the method."),
    testAccuracyDifferenceInterval: intervalSchema.describe('The confidence interval of `testAccuracyDifference`.'),
    testMacroAccuracyDifference: z
      .number()
      .describe("RETRAINED's mean test recall over the classes minus that of the method."),
    testMacroAccuracyDifferenceInterval: intervalSchema.describe(
      'The confidence interval of `testMacroAccuracyDifference`.',
    ),
    testMacroF1Difference: z.number().describe("RETRAINED's mean test F1 over the classes minus that of the method."),
    testMacroF1DifferenceInterval: intervalSchema.describe('The confidence interval of `testMacroF1Difference`.'),
  })
  .meta({
    id: 'RetrainedMethod',
    description: 'The method that RETRAINED repeats on train and validation together, on the same test images.',
  });
export type RetrainedMethod = Readonly<z.infer<typeof retrainedMethodSchema>>;

export const methodScoreSchema = z
  .strictObject({
    method: z.enum(METHODS).describe('The method.'),
    trial: z.string().describe('The resource name of the trial whose trainings these are.'),
    lrMultipliers: trialSchema.shape.lrMultipliers,
    retrained: retrainedMethodSchema
      .optional()
      .describe('The method that was trained again, and what that has changed; present where `method` is RETRAINED.'),
    validationAccuracy: z
      .number()
      .optional()
      .describe(
        "The share of the validation images that is recognised, 0 to 1: the mean over the seeds, each on its training's " +
          `own part of the images where \`finals.division\` is REDIVIDED.${UNLESS_VALIDATED}`,
      ),
    validationMacroAccuracy: z
      .number()
      .optional()
      .describe(
        `The recall of the classes that have validation images, 0 to 1: a mean as \`validationAccuracy\`.${UNLESS_VALIDATED}`,
      ),
    validationMacroF1: z
      .number()
      .optional()
      .describe(
        `The F1 of the classes that have validation images, 0 to 1: a mean as \`validationAccuracy\`.${UNLESS_VALIDATED}`,
      ),
    testAccuracy: z.number().describe('The mean share of the test images that is recognised, 0 to 1.'),
    testAccuracyInterval: intervalSchema.describe('The confidence interval of `testAccuracy`.'),
    testMacroAccuracy: z.number().describe('The mean recall of the classes that have test images, 0 to 1.'),
    testMacroAccuracyInterval: intervalSchema.describe('The confidence interval of `testMacroAccuracy`.'),
    testMacroF1: z.number().describe('The mean F1 of the classes that have test images, 0 to 1.'),
    testMacroF1Interval: intervalSchema.describe('The confidence interval of `testMacroF1`.'),
    testCalibrationError: z
      .number()
      .describe('The mean expected calibration error on the test images, 15 bins, 0 to 1.'),
    testRecalls: z
      .array(classRecallSchema)
      .readonly()
      .describe(
        `The recalls of the classes that have test images; empty in lists, and with more than ${RESULT_CLASS_COUNT_MAX} classes: the version's metrics.json has them.`,
      ),
    seedScores: z
      .array(seedScoreSchema)
      .readonly()
      .describe(
        'The scores of the single models, one for each reporting seed; of a SOUP for each seed of its members.',
      ),
    trainedParameterCount: z
      .int()
      .min(0)
      .describe('The number of parameters that learn in a training; for a SOUP in that of its best member.'),
    totalParameterCount: z.int().positive().describe('The number of parameters of the network.'),
    cost: costSchema.describe(
      'What all trainings of the method took: its search, the choice among its best candidates, and these. A SOUP takes ' +
        'the search and the choice that its members are from, and the averaging; RETRAINED all of the method that it repeats, ' +
        'and the trainings on all images.',
    ),
  })
  .meta({
    id: 'MethodScore',
    description:
      'How one method did: retrained on all the data, divided as `finals.division` says, with seeds that nothing was chosen by; a ' +
      'SOUP with those by which the candidate of the search was chosen; RETRAINED on the images of train and validation together. Figures are means over them. With one seed the intervals are those of one model, not of the method.',
  });
export type MethodScore = Readonly<z.infer<typeof methodScoreSchema>>;

export const comparisonSchema = z
  .strictObject({
    baseline: z
      .enum(METHODS)
      .describe('The baseline that was best on validation, by what `finals.choice` compares methods by.'),
    testAccuracyDifference: z.number().describe("The mean test accuracy of the search's winner minus the baseline's."),
    testAccuracyDifferenceInterval: intervalSchema.describe('The confidence interval of `testAccuracyDifference`.'),
    testMacroAccuracyDifference: z
      .number()
      .describe("The mean test recall over the classes of the search's winner minus the baseline's."),
    testMacroAccuracyDifferenceInterval: intervalSchema.describe(
      'The confidence interval of `testMacroAccuracyDifference`.',
    ),
    testMacroF1Difference: z
      .number()
      .describe("The mean test F1 over the classes of the search's winner minus the baseline's."),
    testMacroF1DifferenceInterval: intervalSchema.describe('The confidence interval of `testMacroF1Difference`.'),
    costRatio: z.number().describe("The multiply-accumulates of the search and its finals, divided by the baseline's."),
  })
  .meta({
    id: 'Comparison',
    description:
      "The search's winner against the baseline that was best on validation, on the same test images. With one " +
      'reporting seed the intervals are those of two models, not of two methods.',
  });
export type Comparison = Readonly<z.infer<typeof comparisonSchema>>;

export const expectedGainSchema = z
  .strictObject({
    median: z.number().describe('The median of the gains; it is what a search may be expected to gain.'),
    low: z.number().describe('The smallest of the gains; below 0 full fine-tuning did better.'),
    high: z.number().describe('The largest of the gains.'),
  })
  .meta({
    id: 'ExpectedGain',
    description:
      'What the search gained in test accuracy over full fine-tuning on the nine data sets of the paper, as ' +
      'fractions of the test images.',
  });
export type ExpectedGain = Readonly<z.infer<typeof expectedGainSchema>>;

export const resolutionSchema = z
  .strictObject({
    smallestDifference: z
      .number()
      .describe(
        'The difference of two candidates in the figure of `evaluation.fitness` below which it may be chance (95 %).',
      ),
    imageCount: z
      .int()
      .positive()
      .describe(
        'The number of validation images of one fold; of train and validation together where `evaluation.division` is REDIVIDED.',
      ),
    effectiveImageCount: z
      .number()
      .positive()
      .describe(
        'The number of images, equally many of each class, that would show as much: a mean over classes is known ' +
          'no better than its small ones. It is `imageCount` where `evaluation.fitness` is ACCURACY.',
      ),
    seedCount: z.int().positive().describe('The number of trainings of a candidate.'),
    disagreement: z
      .number()
      .describe(
        'The share of images that exactly one of two candidates has right, the mean over the classes unless ' +
          '`evaluation.fitness` is ACCURACY; measured between methods, assumed where one alone was trained.',
      ),
    seedDeviation: z
      .number()
      .describe(
        "The standard deviation of one candidate's figure from seed to seed; assumed for a single seed, and where " +
          'seeds validate on parts of their own.',
      ),
    expectedGain: expectedGainSchema.describe('What such a search may be expected to gain over full fine-tuning.'),
  })
  .meta({ id: 'Resolution', description: 'What a search can tell apart.' });
export type Resolution = Readonly<z.infer<typeof resolutionSchema>>;

export const rungSchema = z
  .strictObject({
    epochCount: z.int().positive().describe('The epochs after which trainings paused.'),
    trialCount: z.int().min(0).describe('The number of candidates that came there.'),
    droppedCount: z.int().min(0).describe('The number of those that were dropped there.'),
    auditCount: z
      .int()
      .min(0)
      .describe('The number of those that would have been dropped, went on as an audit, and trained to their end.'),
    rankCorrelation: z
      .number()
      .min(-1)
      .max(1)
      .optional()
      .describe(
        "Spearman's rank correlation between the loss there and the fitness in the end, -1 to 1; absent where fewer than " +
          'three candidates that came there trained to their end.',
      ),
  })
  .meta({ id: 'Rung', description: 'How candidates of the search were dropped after one number of epochs.' });
export type Rung = Readonly<z.infer<typeof rungSchema>>;
export const deliverySchema = z
  .strictObject({
    best: z
      .enum(METHODS)
      .describe('The method that was best on validation; `method` of the result is the one that was delivered.'),
    difference: z
      .number()
      .describe(
        "The best method's validation figure less the delivered one's, a fraction; 0 if they are one. RETRAINED has no such " +
          'figure: it is that of the method in whose place it is delivered.',
      ),
    standardError: z
      .number()
      .min(0)
      .describe('The paired standard error of `difference` on the same images; 0 if they are one.'),
    reason: z.string().describe('The choice, in a sentence.'),
  })
  .meta({
    id: 'Delivery',
    description: 'Why a method was delivered, by the validation figure of `evaluation.fitness`.',
  });
export type Delivery = Readonly<z.infer<typeof deliverySchema>>;

export const runtimeUseSchema = z
  .strictObject({
    runtime: runtimeSchema.describe('The way in which TensorFlow ran.'),
    trainingCount: z.int().positive().describe('The number of trainings that ran so.'),
  })
  .meta({
    id: 'RuntimeUse',
    description: 'How many trainings of a job ran in one way; the `seedResults` of each trial say which.',
  });
export type RuntimeUse = Readonly<z.infer<typeof runtimeUseSchema>>;

export const priorEstimateSchema = z
  .strictObject({
    trainingCount: costSchema.shape.trainingCount,
    epochCount: costSchema.shape.epochCount,
    multiplyAccumulates: costSchema.shape.multiplyAccumulates,
    expectedGain: measuredGainSchema
      .optional()
      .describe('What the search was expected to gain; absent without a search, and where no measured task is near.'),
  })
  .meta({
    id: 'PriorEstimate',
    description: 'What was expected of a job before it began: the same as its estimate says.',
  });
export type PriorEstimate = Readonly<z.infer<typeof priorEstimateSchema>>;

export const jobResultSchema = z
  .strictObject({
    modelVersion: z
      .string()
      .describe('The resource name of the model version, `projects/{project}/models/{model}/versions/{number}`.'),
    method: z
      .enum(METHODS)
      .describe(
        'The method that was delivered, be it the search or a baseline: chosen on validation by `finals.choice`; RETRAINED in ' +
          'the place of the chosen one where `finals.retrains` has asked for it.',
      ),
    delivery: deliverySchema.describe('Why that method was delivered.'),
    genome: genomeSchema
      .optional()
      .describe("The genome of the search's winner; absent without a search, and in ACCELERATED."),
    lrMultipliers: z
      .array(z.number())
      .readonly()
      .describe(
        'One factor on the base learning rate per block of the delivered model, input side first; 0 where frozen.',
      ),
    settings: trialSettingsSchema
      .optional()
      .describe("What the delivered candidate sets over its method's own settings; absent where it sets nothing."),
    paretoFront: z
      .array(paretoPointSchema)
      .readonly()
      .describe(
        'The candidates of the search of which no other is as good in the validation figure and in all of ' +
          '`search.objectives`, and better in one; the best figure first. Empty without such objectives.',
      ),
    testAccuracy: z
      .number()
      .describe(
        "The share of the test images that the delivered model recognises, 0 to 1; its method's mean is " +
          'among `scores`.',
      ),
    testAccuracyInterval: intervalSchema.describe('The confidence interval of `testAccuracy`.'),
    testMacroAccuracy: z
      .number()
      .describe("The delivered model's mean recall of the classes that have test images, 0 to 1."),
    testMacroF1: z.number().describe("The delivered model's mean F1 of the classes that have test images, 0 to 1."),
    testCalibrationError: z
      .number()
      .describe("The delivered model's expected calibration error on the test images, 15 bins, 0 to 1."),
    confusionMatrix: z
      .array(
        z.strictObject({
          counts: z
            .array(z.int().min(0))
            .readonly()
            .describe(
              "The number of test images of the row's class by predicted class, in the order of the class index.",
            ),
        }),
      )
      .readonly()
      .describe('The test images by true class (row) and predicted class (column); empty where `testRecalls` is.'),
    scores: z.array(methodScoreSchema).readonly().describe('How each method did.'),
    comparison: comparisonSchema
      .optional()
      .describe("The search's winner against the best baseline; absent without a search, and without a baseline."),
    rungs: z
      .array(rungSchema)
      .readonly()
      .describe('How the search dropped candidates before their end, by epochs; empty where it dropped none.'),
    resolution: resolutionSchema.optional().describe('What the search could tell apart; absent without a search.'),
    priors: z
      .array(priorOutcomeSchema)
      .readonly()
      .describe("How the spec's `priorCandidates` did in the search, nearest first."),
    verdict: z
      .string()
      .describe('Whether the search was worth its cost, in a sentence, by the test figure of `evaluation.fitness`.'),
    warnings: z
      .array(z.string())
      .readonly()
      .describe('What the reader should know before relying on the result, a sentence each.'),
    cost: costSchema.describe('What all trainings of the job took.'),
    estimate: priorEstimateSchema.describe(
      'What all trainings of the job were expected to take, to hold `cost` against.',
    ),
    runtimes: z
      .array(runtimeUseSchema)
      .readonly()
      .describe(
        'The ways in which the trainings ran, the most used first; one entry when `reproducibility` is BITWISE.',
      ),
  })
  .meta({ id: 'JobResult', description: 'What a job came to.' });
export type JobResult = Readonly<z.infer<typeof jobResultSchema>>;

/** The multipliers of the best candidate that a job's search found; undefined where none was trained. */
export const searchWinner = ({ scores }: Pick<JobResult, 'scores'>): readonly number[] | undefined =>
  scores.find(({ method }) => method === SEARCH_METHOD)?.lrMultipliers;

/** A result without the figures of single classes, as lists have it. */
export const withoutClassFigures = (result: JobResult): JobResult => ({
  ...result,
  confusionMatrix: [],
  scores: result.scores.map((score) => ({ ...score, testRecalls: [] })),
});

import { z } from 'zod';
import { classRecallSchema } from '../class-recall.js';
import { costSchema } from './cost.js';
import { genomeSchema } from './genome.js';
import { METHODS } from '../../methods/method-table.js';
import { runtimeSchema } from '../runtime.js';

/** Figures of single classes are in a result of no more classes than this; those of more are in the version's `metrics.json`. */
export const RESULT_CLASS_COUNT_MAX = 100;

/** Where the true value lies with 95 % confidence. */
export const intervalSchema = z.strictObject({ low: z.number(), high: z.number() }).meta({ id: 'Interval' });
export type Interval = Readonly<z.infer<typeof intervalSchema>>;

/** One model of a method, trained with one of the reporting seeds and scored once. */
export const seedScoreSchema = z
  .strictObject({
    seed: z.int().min(0),
    validationAccuracy: z.number(),
    validationMacroAccuracy: z.number(),
    testAccuracy: z.number(),
    testMacroAccuracy: z.number(),
    testMacroF1: z.number(),
  })
  .meta({ id: 'SeedScore' });
export type SeedScore = Readonly<z.infer<typeof seedScoreSchema>>;

/** How one method did: retrained on all training data with seeds that nothing was chosen by. Figures are means over them. */
export const methodScoreSchema = z
  .strictObject({
    method: z.enum(METHODS),
    trial: z.string(),
    lrMultipliers: z.array(z.number()).readonly(),
    validationAccuracy: z.number(),
    validationMacroAccuracy: z.number(),
    validationMacroF1: z.number(),
    testAccuracy: z.number(),
    testAccuracyInterval: intervalSchema,
    testMacroAccuracy: z.number(),
    testMacroAccuracyInterval: intervalSchema,
    testMacroF1: z.number(),
    testMacroF1Interval: intervalSchema,
    testCalibrationError: z.number(),
    /** Of the classes that have test images; empty in lists, and with more classes than `RESULT_CLASS_COUNT_MAX`. */
    testRecalls: z.array(classRecallSchema).readonly(),
    seedScores: z.array(seedScoreSchema).readonly(),
    trainedParameterCount: z.int().min(0),
    totalParameterCount: z.int().positive(),
    /** Of all its trainings: search, choice among its best candidates, and these. */
    cost: costSchema,
  })
  .meta({ id: 'MethodScore' });
export type MethodScore = Readonly<z.infer<typeof methodScoreSchema>>;

/** The search's winner against the baseline that was best on validation, on the same test images. */
export const comparisonSchema = z
  .strictObject({
    baseline: z.enum(METHODS),
    /** Mean test accuracy of the search's winner minus the baseline's. */
    testAccuracyDifference: z.number(),
    testAccuracyDifferenceInterval: intervalSchema,
    testMacroAccuracyDifference: z.number(),
    testMacroAccuracyDifferenceInterval: intervalSchema,
    /** Multiply-accumulates of the search and its finals, over the baseline's. */
    costRatio: z.number(),
  })
  .meta({ id: 'Comparison' });
export type Comparison = Readonly<z.infer<typeof comparisonSchema>>;

/** What a search can tell apart. */
export const resolutionSchema = z
  .strictObject({
    /** Of the accuracies of two candidates: one below it may be chance (95 %). */
    smallestDifference: z.number(),
    /** Validation images of one fold. */
    imageCount: z.int().positive(),
    seedCount: z.int().positive(),
    /** Share of images that exactly one of two candidates has right; measured between methods, assumed where one alone was trained. */
    disagreement: z.number(),
    /** Standard deviation of the accuracy of one candidate from seed to seed; assumed for a single seed. */
    seedDeviation: z.number(),
    /** What such a search gains over full fine-tuning in the paper, on the mean of its data sets. */
    expectedGain: z.number(),
  })
  .meta({ id: 'Resolution' });
export type Resolution = Readonly<z.infer<typeof resolutionSchema>>;

/** How many trainings of a job ran in one way; `seedResults` of each trial say which. */
export const runtimeUseSchema = z
  .strictObject({ runtime: runtimeSchema, trainingCount: z.int().positive() })
  .meta({ id: 'RuntimeUse' });
export type RuntimeUse = Readonly<z.infer<typeof runtimeUseSchema>>;

export const jobResultSchema = z
  .strictObject({
    /** `projects/{project}/models/{model}/versions/{number}` */
    modelVersion: z.string(),
    /** The method that was delivered: the best on validation by its mean over the seeds, be it the search's winner or a baseline. */
    method: z.enum(METHODS),
    /** Winner of the search; absent when there was none. */
    genome: genomeSchema.optional(),
    /** Of the delivered model. */
    lrMultipliers: z.array(z.number()).readonly(),
    /** The delivered model's own figures; its method's means are among `scores`. */
    testAccuracy: z.number(),
    testAccuracyInterval: intervalSchema,
    testMacroAccuracy: z.number(),
    testMacroF1: z.number(),
    testCalibrationError: z.number(),
    /** Row: true class; column: predicted class. Empty where `testRecalls` is. */
    confusionMatrix: z.array(z.strictObject({ counts: z.array(z.int().min(0)).readonly() })).readonly(),
    scores: z.array(methodScoreSchema).readonly(),
    /** Absent without a search, and without a baseline. */
    comparison: comparisonSchema.optional(),
    /** Of the search; absent without one. */
    resolution: resolutionSchema.optional(),
    /** Whether the search was worth its cost, in a sentence. */
    verdict: z.string(),
    warnings: z.array(z.string()).readonly(),
    cost: costSchema,
    /** What its trainings ran on, the most used first; one entry when `reproducibility` is BITWISE. */
    runtimes: z.array(runtimeUseSchema).readonly(),
  })
  .meta({ id: 'JobResult' });
export type JobResult = Readonly<z.infer<typeof jobResultSchema>>;

/** A result without the figures of single classes, as lists have it. */
export const withoutClassFigures = (result: JobResult): JobResult => ({
  ...result,
  confusionMatrix: [],
  scores: result.scores.map((score) => ({ ...score, testRecalls: [] })),
});

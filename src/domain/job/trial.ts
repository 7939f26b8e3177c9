import { z } from 'zod';
import { METHODS, type Method } from '../../methods/method-table.js';
import { type Cost, costSchema } from './cost.js';
import { type Genome, genomeSchema } from './genome.js';
import { runtimeSchema } from '../runtime.js';
import { timestampSchema } from '../text.js';

export const TRIAL_ORIGINS = [
  'INITIAL',
  'ELITE_EXPLOIT',
  'OFFSPRING',
  'RANDOM',
  'FINAL',
  'BASELINE',
  /** Given by the caller. */
  'ENQUEUED',
  /** The best of an earlier job. */
  'WARM_START',
  'GRID',
] as const;
export type TrialOrigin = (typeof TRIAL_ORIGINS)[number];

/** SELECTION tells the best candidates of a search apart, FINALS reports one candidate of each method. */
export const TRIAL_PHASES = ['SEARCH', 'SELECTION', 'FINALS'] as const;
export type TrialPhase = (typeof TRIAL_PHASES)[number];

export const TRIAL_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'INFEASIBLE', 'FAILED', 'CANCELLED'] as const;
export type TrialState = (typeof TRIAL_STATES)[number];

/** The states of a trial that has trainings still to come. */
export const OPEN_TRIAL_STATES: readonly TrialState[] = ['QUEUED', 'RUNNING'];

/** Whether a trial has trainings still to come. */
export const isOpen = ({ state }: { readonly state: TrialState }): boolean => OPEN_TRIAL_STATES.includes(state);

/** What one training of a trial gave, at its best epoch. */
export const seedResultSchema = z
  .strictObject({
    seed: z.int().min(0),
    bestEpoch: z.int().positive(),
    epochCount: z.int().positive(),
    validationLoss: z.number(),
    validationAccuracy: z.number(),
    /** Mean recall of the classes that have examples. */
    validationMacroAccuracy: z.number(),
    /** Mean F1 of the classes that have examples; 0 for one of which nothing is found. */
    validationMacroF1: z.number(),
    /** Expected calibration error, 15 bins (arXiv 1706.04599): how far confidence and accuracy are apart. */
    validationCalibrationError: z.number(),
    trainedParameterCount: z.int().min(0),
    totalParameterCount: z.int().positive(),
    trainSeconds: z.number().min(0),
    /** As in `Cost`. */
    multiplyAccumulates: z.number().min(0),
    /** What the training ran on. */
    runtime: runtimeSchema,
  })
  .meta({ id: 'SeedResult' });
export type SeedResult = Readonly<z.infer<typeof seedResultSchema>>;

/** The evaluation of one genome, or of one method in the finals. */
export const trialSchema = z
  .strictObject({
    /** `projects/{project}/fineTuneJobs/{job}/trials/{id}` */
    name: z.string(),
    id: z.string(),
    phase: z.enum(TRIAL_PHASES),
    /** From 0; 0 in all that is no evolution. */
    generation: z.int().min(0),
    /** Place in the generation; with phase, method and generation it names the trial within its job. */
    slot: z.int().min(0),
    origin: z.enum(TRIAL_ORIGINS),
    method: z.enum(METHODS),
    /** Absent where no genome was drawn. */
    genome: genomeSchema.optional(),
    /** One factor on the base learning rate per block; 0 where frozen. */
    lrMultipliers: z.array(z.number()).readonly(),
    /** Which slice of train and validation was used; absent after the search, where all is used. */
    fold: z.int().min(0).optional(),
    state: z.enum(TRIAL_STATES),
    infeasibleReason: z.string().optional(),
    seedResults: z.array(seedResultSchema).readonly(),
    /** A trial of the same multipliers on the same fold, whose results these are; it alone was trained. */
    reusedTrial: z.string().optional(),
    /** Of the trainings that have ended well. */
    cost: costSchema,
    /** 1 minus the mean validation figure over the seeds: lower is better. Present once complete. */
    fitness: z.number().optional(),
    createTime: timestampSchema,
    endTime: timestampSchema.optional(),
  })
  .meta({ id: 'Trial' });
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
  readonly fold?: number;
  readonly state: TrialState;
  readonly infeasibleReason?: string;
  readonly fitness?: number;
  /** A trial of the same multipliers on the same fold, whose trainings count for this one too. */
  readonly reusedTrialId?: string;
  readonly createTime: Date;
  readonly endTime?: Date;
}

/** A trial's place in its job. */
export type TrialPlace = Pick<StoredTrial, 'phase' | 'generation' | 'slot' | 'method'>;

/** A trial to insert. */
export type NewTrial = TrialPlace &
  Pick<StoredTrial, 'origin' | 'lrMultipliers'> &
  Partial<
    Pick<StoredTrial, 'genes' | 'threshold' | 'fold' | 'state' | 'infeasibleReason' | 'fitness' | 'reusedTrialId'>
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

/** What the trainings of one method in one phase of a job took, those that have ended well. */
export interface TrainingTotals extends Cost {
  readonly trainSeconds: number;
  readonly jobId: string;
  readonly phase: TrialPhase;
  readonly method: Method;
}

/** One value of a training's curve. */
export const metricPointSchema = z
  .strictObject({
    trial: z.string(),
    seed: z.int().min(0),
    name: z.string(),
    epoch: z.int().min(0),
    value: z.number(),
  })
  .meta({ id: 'MetricPoint' });
export type MetricPoint = Readonly<z.infer<typeof metricPointSchema>>;

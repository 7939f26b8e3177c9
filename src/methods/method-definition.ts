import type { z } from 'zod';
import type { HeadInit, Stage } from './stage.js';

/** Settings of one method, or of its technique; each definition knows its own. */
type Values = Readonly<Record<string, unknown>>;

/** What a request may say of a method. */
export interface SettingsDefinition {
  /** Field of the request's `methods`. */
  readonly name: string;
  /** Every field has a default. */
  readonly schema: z.ZodObject;
}

/** How a method moves the weights in a way of its own; its `type` is the method's id, its other fields are settings. */
export interface TechniqueDefinition {
  readonly schema: z.ZodObject;
  /**
   * What is trained one after the other, where that is not one stage of blocks.
   *
   * @param blocks The stage that trains all blocks with a multiplier, with the job's epochs.
   */
  stages?(technique: Values, blocks: Stage): Stage[];
}

/** What the candidates of a list follow from, beside its settings. */
export interface ListScope {
  readonly blockCount: number;
  readonly baseLearningRate: number;
}

/** One of the candidates that a list tries. */
export interface MethodCandidate {
  /** Learning-rate multipliers, one per block, input side first; 0 where frozen. */
  readonly lrMultipliers: number[];
  /** What the candidate's technique sets over the method's own settings; absent where it sets nothing. */
  readonly settings?: Values;
}

/** What a method does whatever the job says: how its head begins, or that BatchNorm and images stay as they are. */
export interface ProtocolOverrides {
  readonly headInit: HeadInit;
  readonly frozenBatchNorm?: 'EVAL';
  readonly augmentation?: 'NONE';
}

interface CommonDefinition {
  readonly id: string;
  /** What the method does, in a sentence, as callers read it. */
  readonly description: string;
  readonly settings?: SettingsDefinition;
}

/** A method whose candidates are genomes. EVOLUTION is the search itself, RANDOM_GENOMES draws as many without it. */
export interface GenomeMethod extends CommonDefinition {
  readonly kind: 'EVOLUTION' | 'RANDOM_GENOMES';
}

/** A method whose candidates are known before the first is tried. */
export interface ListMethod extends CommonDefinition {
  readonly kind: 'LIST';
  readonly technique?: TechniqueDefinition;
  candidates(scope: ListScope, settings: Values): MethodCandidate[];
}

/** A method with one candidate, which nothing is chosen from. */
export interface FixedMethod extends CommonDefinition {
  readonly kind: 'FIXED';
  readonly technique?: TechniqueDefinition;
  readonly overrides?: ProtocolOverrides;
  /** @returns The candidate's learning-rate multipliers, one per block, input side first; 0 where frozen. */
  multipliers(blockCount: number, settings: Values): number[];
}

/** A method that trains nothing: it averages models that the search has trained. */
export interface SoupMethod extends CommonDefinition {
  readonly kind: 'SOUP';
}

/** A method that trains no candidate of its own: it repeats that of another method. */
export interface RetrainedMethod extends CommonDefinition {
  readonly kind: 'RETRAINED';
}

/** A method with candidates that are trained. */
export type TrainedDefinition = GenomeMethod | ListMethod | FixedMethod;

/**
 * All that there is to know of a method: what decides which parameters train, and how fast.
 *
 * Its functions are given what the schemas beside them parse, so they may name the fields of these.
 */
export type MethodDefinition = TrainedDefinition | SoupMethod | RetrainedMethod;

/** The multipliers of a method that trains every block at the job's base learning rate. */
export const everyBlock = (blockCount: number): number[] => Array.from({ length: blockCount }, () => 1);

import type { FixedMethod, ListMethod, ListScope, MethodCandidate, MethodDefinition } from './method-definition.js';
import type { HeadInit } from './stage.js';
import { methodOf, type Technique, techniqueSchema } from './method-table.js';

/** What a job says of the head that a training begins with, of BatchNorm in frozen blocks, and of how training images vary. */
interface Protocol<Augmentation> {
  readonly headInit: HeadInit;
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  readonly augmentation: Augmentation;
}

/** A job's settings of all methods, by the name that each definition gives. */
type AllSettings = Readonly<Record<string, unknown>>;

/**
 * How the trainings of a method's candidate move the weights. A candidate without a technique of its own may use that of
 * AUTO_RGN for its rates.
 *
 * @param settings What the candidate sets over the method's own settings.
 */
export function techniqueOf(method: MethodDefinition, all: AllSettings, settings: AllSettings = {}): Technique {
  const own = 'technique' in method ? method.technique : undefined;
  if (own === undefined && settings['usesGradientRates'] === true) return techniqueOf(methodOf('AUTO_RGN'), all);
  if (own === undefined) return techniqueSchema.parse({ type: 'BLOCKS' });
  // What a list is made of, such as the pulls to try, is no part of a technique.
  return techniqueSchema.parse(own.schema.strip().parse({ type: method.id, ...settingsOf(method, all), ...settings }));
}

/** Learning-rate multipliers, one per block, of a method that has one candidate only. */
export const fixedMultipliers = (method: FixedMethod, blockCount: number, all: AllSettings): number[] =>
  method.multipliers(blockCount, settingsOf(method, all));

/** The candidates of a list, in its order. */
export const listedCandidates = (method: ListMethod, scope: ListScope, all: AllSettings): MethodCandidate[] =>
  method.candidates(scope, settingsOf(method, all));

/** What a method's trainings do with head, BatchNorm and images, given what the job says of these. */
export function protocolOf<Augmentation>(
  method: MethodDefinition,
  { headInit, frozenBatchNorm, augmentation }: Protocol<Augmentation>,
): Protocol<Augmentation | 'NONE'> {
  return { headInit, frozenBatchNorm, augmentation, ...('overrides' in method ? method.overrides : {}) };
}

function settingsOf({ settings }: MethodDefinition, all: AllSettings): AllSettings {
  return settings === undefined ? {} : settings.schema.parse(all[settings.name]);
}

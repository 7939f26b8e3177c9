import { z } from 'zod';
import { autoRgn } from './definitions/auto-rgn.js';
import { biotune } from './definitions/biotune.js';
import { fullFineTune } from './definitions/full-fine-tune.js';
import { fullFineTuneTuned } from './definitions/full-fine-tune-tuned.js';
import { gradualUnfreezing } from './definitions/gradual-unfreezing.js';
import { l1Sp } from './definitions/l1-sp.js';
import { l2Sp } from './definitions/l2-sp.js';
import { layerDecay } from './definitions/layer-decay.js';
import { linearProbe } from './definitions/linear-probe.js';
import { lora } from './definitions/lora.js';
import { lpBody } from './definitions/lp-body.js';
import { lpFt } from './definitions/lp-ft.js';
import { normTune } from './definitions/norm-tune.js';
import { randomSearch } from './definitions/random-search.js';
import { retrained } from './definitions/retrained.js';
import { soup } from './definitions/soup.js';
import { suffixGrid } from './definitions/suffix-grid.js';
import type { MethodDefinition } from './method-definition.js';
import { settingsSchemaOf } from './settings-schema.js';
import { techniqueType } from './technique-type.js';

/** Every method, the search first; whatever the vocabulary says of methods derives from it. */
export const METHOD_TABLE = [
  biotune,
  fullFineTune,
  fullFineTuneTuned,
  linearProbe,
  lpFt,
  lpBody,
  gradualUnfreezing,
  autoRgn,
  lora,
  normTune,
  l2Sp,
  l1Sp,
  layerDecay,
  randomSearch,
  suffixGrid,
  soup,
  retrained,
] as const satisfies readonly MethodDefinition[];
type Listed = (typeof METHOD_TABLE)[number];

/** What decided which parameters train, and how fast. */
export type Method = Listed['id'];
export const METHODS = METHOD_TABLE.map(({ id }) => id);

/** What each method does, as the description of a field that names methods. */
export const METHODS_DESCRIPTION = METHOD_TABLE.map(({ id, description }) => `${id}: ${description}`).join(' ');

/** The method that is the search itself; the others are what a user would otherwise pick. */
export const SEARCH_METHOD = biotune.id;

/** The method that averages what the search has trained. */
export const SOUP_METHOD = soup.id;

/** The method that repeats the one which would be delivered, on all images. */
export const RETRAINED_METHOD = retrained.id;

/** A method with candidates of its own that are trained. */
export type TrainedMethod = Exclude<Method, typeof SOUP_METHOD | typeof RETRAINED_METHOD>;

/** Whether a method has candidates of its own, instead of being made of what others have trained. */
export const isTrained = (method: Method): method is TrainedMethod =>
  method !== SOUP_METHOD && method !== RETRAINED_METHOD;

/** A method that a user would otherwise pick; each is trained and scored like the search's winner. */
export type Baseline = Exclude<TrainedMethod, typeof SEARCH_METHOD>;
export const BASELINES = METHODS.filter((method): method is Baseline => isTrained(method) && method !== SEARCH_METHOD);

/** A method that tries candidates with the search's seeds and folds before one of them goes on. */
export type SearchingMethod = Exclude<Listed, { readonly kind: 'FIXED' | 'SOUP' | 'RETRAINED' }>['id'];
export const SEARCHING_METHODS = METHOD_TABLE.flatMap((method) =>
  method.kind === 'FIXED' || method.kind === 'SOUP' || method.kind === 'RETRAINED' ? [] : [method.id],
);

export const isSearching = (method: Method): method is SearchingMethod =>
  SEARCHING_METHODS.some((searching) => searching === method);

/** Whether a method's candidates are genomes. */
export function takesGenomes(id: Method): boolean {
  const { kind } = methodOf(id);
  return kind === 'EVOLUTION' || kind === 'RANDOM_GENOMES';
}

/** The definition of a method. */
export function methodOf<Id extends Method>(id: Id): Extract<Listed, { readonly id: Id }> {
  const found = METHOD_TABLE.find((method): method is Extract<Listed, { readonly id: Id }> => method.id === id);
  if (found === undefined) throw new Error(`no method ${id}`);
  return found;
}

export const methodSettingsSchema = settingsSchemaOf(METHOD_TABLE).meta({
  id: 'MethodSettings',
  description: 'What the methods leave open, a field for each method with settings.',
});
export type MethodSettings = Readonly<z.infer<typeof methodSettingsSchema>>;

export const techniqueSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: techniqueType('BLOCKS') }),
    ...METHOD_TABLE.flatMap((method) => ('technique' in method ? [method.technique.schema] : [])),
  ])
  .meta({
    id: 'Technique',
    description:
      "How one training moves the weights; all techniques share the job's protocol (optimizer, schedule, " +
      'early stopping).',
  });
export type Technique = Readonly<z.infer<typeof techniqueSchema>>;

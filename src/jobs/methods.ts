import type { FineTuneJobSpec } from '../domain/fine-tune-job.js';
import { isSearching, type Method, type MethodSettings, type SearchingMethod } from '../domain/method.js';
import type { Technique } from '../domain/technique.js';
import { layerDecayMultipliers } from '../search/candidate-lists.js';

/** All that a job trains and scores, the search first. */
export const methodsOf = ({ search, baselines }: Pick<FineTuneJobSpec, 'search' | 'baselines'>): readonly Method[] =>
  search.type === 'BIOTUNE' ? ['BIOTUNE', ...baselines] : baselines;

/** Those of a job's methods that try candidates first. */
export const searchingMethodsOf = (spec: Pick<FineTuneJobSpec, 'search' | 'baselines'>): SearchingMethod[] =>
  methodsOf(spec).filter(isSearching);

/** How a method's trainings move the weights. */
export function techniqueOf(method: Method, settings: MethodSettings): Technique {
  switch (method) {
    case 'LINEAR_PROBE':
    case 'LP_FT':
    case 'GRADUAL_UNFREEZING':
      return { type: method };
    case 'AUTO_RGN':
      return { type: method, ...settings.autoRgn };
    case 'LORA':
      return { type: method, ...settings.lora };
    case 'L2_SP':
      return { type: method, ...settings.l2Sp };
    case 'L1_SP':
      return { type: method, ...settings.l1Sp };
    default:
      return { type: 'BLOCKS' };
  }
}

/** Learning-rate multipliers, one per block, of a method that has one candidate only. */
export function fixedMultipliers(
  method: Exclude<Method, SearchingMethod>,
  blockCount: number,
  { layerDecay }: MethodSettings,
): number[] {
  if (method === 'LAYER_DECAY') return layerDecayMultipliers(blockCount, layerDecay.decay);
  return Array.from({ length: blockCount }, (_, block) =>
    method !== 'LINEAR_PROBE' || block === blockCount - 1 ? 1 : 0,
  );
}

import type { Technique } from '../methods/method-table.js';
import { lowRankShapes } from './low-rank-shapes.js';
import { elementCount, type ParameterSpec } from './parameters.js';

/** LEARNS: the tensor itself moves. IS_CHANGED: it stays, and a low-rank change of it learns. */
export type LearningRole = 'LEARNS' | 'IS_CHANGED';

/**
 * How tensors take part in a training, by name; those that do not are left out. All parameters of a segment with a
 * multiplier learn, but for AUTO_RGN, which has no rate for the scales and offsets of BatchNorm, and for LORA, where only
 * the classifier does.
 *
 * @param specs The specs of the segments' tensors, whose `blockIndex` is a segment's.
 */
export function learningRoles(
  specs: readonly ParameterSpec[],
  segments: readonly { readonly lrMultiplier: number }[],
  { type }: Technique,
): ReadonlyMap<string, LearningRole> {
  const batchNorm = batchNormNames(specs);
  const roleOf = ({ name, kind, isClassifier }: ParameterSpec): LearningRole | undefined => {
    if (type === 'LORA' && !isClassifier) return kind === 'vector' ? undefined : 'IS_CHANGED';
    return type === 'AUTO_RGN' && batchNorm.has(name) ? undefined : 'LEARNS';
  };
  const parameters = specs.filter(
    ({ blockIndex, isBuffer, isIdle }) => !isBuffer && !isIdle && (segments[blockIndex]?.lrMultiplier ?? 0) > 0,
  );
  return new Map(
    parameters.flatMap((spec) => {
      const role = roleOf(spec);
      return role === undefined ? [] : [[spec.name, role]];
    }),
  );
}

/** How many numbers learn; of a low-rank change those of its matrices. Arguments as `learningRoles` takes them. */
export function learningCount(
  specs: readonly ParameterSpec[],
  segments: readonly { readonly lrMultiplier: number }[],
  technique: Technique,
): number {
  const roles = learningRoles(specs, segments, technique);
  return specs.reduce((sum, spec) => {
    const role = roles.get(spec.name);
    if (role === undefined) return sum;
    if (role === 'LEARNS' || technique.type !== 'LORA') return sum + elementCount(spec.shape);
    const { a, b } = lowRankShapes(spec, technique.rank);
    return sum + elementCount(a) + elementCount(b);
  }, 0);
}

/** Only BatchNorm has buffers. */
function batchNormNames(specs: readonly ParameterSpec[]): Set<string> {
  const layers = specs.flatMap(({ name, isBuffer }) => (isBuffer ? [name.slice(0, name.lastIndexOf('.'))] : []));
  return new Set(layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]));
}

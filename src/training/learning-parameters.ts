import type { Technique } from '../domain/technique.js';
import type { ParameterSpec } from '../networks/parameters.js';

/** LEARNS: the tensor itself moves. IS_CHANGED: it stays, and a low-rank change of it learns. */
export type LearningRole = 'LEARNS' | 'IS_CHANGED';

/**
 * How tensors take part in a training, by name; those that do not are left out. All parameters of a segment with a
 * multiplier learn, but for AUTO_RGN, which has no rate for the scales and offsets of BatchNorm, and for LORA, where only
 * the classifier does.
 *
 * @param specs Of the segments' tensors, whose `blockIndex` is a segment's.
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

/** Only BatchNorm has buffers. */
function batchNormNames(specs: readonly ParameterSpec[]): Set<string> {
  const layers = specs.flatMap(({ name, isBuffer }) => (isBuffer ? [name.slice(0, name.lastIndexOf('.'))] : []));
  return new Set(layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]));
}

import type { Technique } from '../domain/technique.js';
import type { ParameterSpec } from '../networks/parameters.js';

/**
 * Names of the tensors that learn: all parameters of the segments with a multiplier. AUTO_RGN leaves out the scales and
 * offsets of BatchNorm, for which it has no rate.
 *
 * @param specs Of the segments' tensors, whose `blockIndex` is a segment's.
 */
export function learningNames(
  specs: readonly ParameterSpec[],
  segments: readonly { readonly lrMultiplier: number }[],
  { type }: Technique,
): ReadonlySet<string> {
  const frozen = type === 'AUTO_RGN' ? batchNormNames(specs) : new Set<string>();
  const learning = specs.filter(
    ({ name, blockIndex, isBuffer, isIdle }) =>
      !isBuffer && !isIdle && (segments[blockIndex]?.lrMultiplier ?? 0) > 0 && !frozen.has(name),
  );
  return new Set(learning.map(({ name }) => name));
}

/** Only BatchNorm has buffers. */
function batchNormNames(specs: readonly ParameterSpec[]): Set<string> {
  const layers = specs.flatMap(({ name, isBuffer }) => (isBuffer ? [name.slice(0, name.lastIndexOf('.'))] : []));
  return new Set(layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]));
}

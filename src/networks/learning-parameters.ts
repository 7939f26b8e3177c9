import type { Technique } from '../methods/method-table.js';
import { isLowRank, lowRankCount } from './low-rank-shapes.js';
import { elementCount, type ParameterSpec } from './parameters.js';

/** LEARNS: the tensor itself moves. IS_CHANGED: it stays, and a low-rank change of it learns. */
export type LearningRole = 'LEARNS' | 'IS_CHANGED';

/** A span of layers, as far as it decides whether its tensors learn. */
interface LearningSegment {
  readonly lrMultiplier: number;
  /** Whether its tensors learn as by NORM_TUNE, and not as by the technique of the training. */
  readonly learnsNormsOnly?: boolean;
}

const NORM_TUNE: Technique = { type: 'NORM_TUNE' };

/**
 * How tensors take part in a training, by name; those that do not are left out. The classifier learns by any technique
 * where its segment has a multiplier.
 *
 * @param specs The specs of the segments' tensors, whose `blockIndex` is a segment's.
 */
export function learningRoles(
  specs: readonly ParameterSpec[],
  segments: readonly LearningSegment[],
  technique: Technique,
): ReadonlyMap<string, LearningRole> {
  const batchNorm = batchNormNames(specs);
  return new Map(
    parametersOf(specs, segments).flatMap((spec) => {
      const ofSegment = segments[spec.blockIndex]?.learnsNormsOnly === true ? NORM_TUNE : technique;
      const role = spec.isClassifier ? 'LEARNS' : roleOutsideClassifier(spec, ofSegment, batchNorm);
      return role === undefined ? [] : [[spec.name, role]];
    }),
  );
}

/**
 * The weights of segments with a multiplier that no gradient is taken for, because they neither learn nor are changed: a list
 * for each segment. Arguments as `learningRoles` takes them.
 */
export function frozenWeights(
  specs: readonly ParameterSpec[],
  segments: readonly LearningSegment[],
  technique: Technique,
): string[][] {
  const roles = learningRoles(specs, segments, technique);
  const frozen = parametersOf(specs, segments).filter(({ name, kind }) => kind !== 'vector' && !roles.has(name));
  return segments.map((_, index) => frozen.flatMap(({ name, blockIndex }) => (blockIndex === index ? [name] : [])));
}

/** How many numbers learn; of a low-rank change those of its matrices. Arguments as `learningRoles` takes them. */
export function learningCount(
  specs: readonly ParameterSpec[],
  segments: readonly LearningSegment[],
  technique: Technique,
): number {
  const roles = learningRoles(specs, segments, technique);
  return specs.reduce((sum, spec) => {
    const role = roles.get(spec.name);
    if (role === undefined) return sum;
    const isChanged = role === 'IS_CHANGED' && technique.type === 'LORA';
    return sum + (isChanged ? lowRankCount(spec, technique.rank) : elementCount(spec.shape));
  }, 0);
}

/** The parameters of segments with a multiplier, without those of layers that do not run. */
const parametersOf = (specs: readonly ParameterSpec[], segments: readonly LearningSegment[]): ParameterSpec[] =>
  specs.filter(
    ({ blockIndex, isBuffer, isIdle }) => !isBuffer && !isIdle && (segments[blockIndex]?.lrMultiplier ?? 0) > 0,
  );

/**
 * LORA changes the weights that a change is smaller than; NORM_TUNE has the scales and offsets of BatchNorm, and all biases;
 * AUTO_RGN has no rate for those scales and offsets. By other techniques all parameters learn.
 */
function roleOutsideClassifier(
  spec: ParameterSpec,
  technique: Technique,
  batchNorm: ReadonlySet<string>,
): LearningRole | undefined {
  switch (technique.type) {
    case 'LORA':
      return spec.kind !== 'vector' && isLowRank(spec, technique.rank) ? 'IS_CHANGED' : undefined;
    case 'NORM_TUNE':
      return spec.kind === 'vector' ? 'LEARNS' : undefined;
    case 'AUTO_RGN':
      return batchNorm.has(spec.name) ? undefined : 'LEARNS';
    default:
      return 'LEARNS';
  }
}

/** Only BatchNorm has buffers. */
function batchNormNames(specs: readonly ParameterSpec[]): Set<string> {
  const layers = specs.flatMap(({ name, isBuffer }) => (isBuffer ? [name.slice(0, name.lastIndexOf('.'))] : []));
  return new Set(layers.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]));
}

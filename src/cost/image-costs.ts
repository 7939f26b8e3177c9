import type { PartCost } from './forward-costs.js';

/** A part of a network, as it takes part in a training. */
export interface PartInTraining {
  readonly cost: PartCost;
  /** Whether gradients of its weights are taken: also where they move something else, such as what LoRA adds to them. */
  readonly isTrained: boolean;
  /** The names of the weights of a trained part that none is taken of; all are taken when absent. */
  readonly frozenWeights?: readonly string[];
}

/** What one image costs a training, in multiply-accumulates. */
export interface ImageCosts {
  /** Once per epoch and training image: forward, backward, gradients of weights. */
  readonly training: number;
  /** Once per epoch and validation image. */
  readonly validation: number;
  /** Once per image of either set: the features that are kept; 0 where none are. */
  readonly prefix: number;
}

/**
 * What an image costs a training.
 *
 * The gradient of a layer's input costs as much as its forward pass, and so does that of its weights.
 *
 * @param parts Together the whole network, input side first.
 * @param isPrefixCached Whether the parts before the first trained one run once per image, instead of once per epoch.
 * @throws {RangeError} when no part is trained.
 */
export function imageCosts(parts: readonly PartInTraining[], isPrefixCached: boolean): ImageCosts {
  const prefix = isPrefixCached ? prefixCost(parts) : 0;
  return { training: truncatedCost(parts) - prefix, validation: forwardCost(parts) - prefix, prefix };
}

/**
 * ΣF + Σ_{b ≥ t0} F_b - f_t0 + Σ_{b trained} F_b, t0 the first trained part, the last sum without the part's frozen weights: a
 * training image when only the gradients that are used are taken.
 *
 * @throws {RangeError} when no part is trained.
 */
function truncatedCost(parts: readonly PartInTraining[]): number {
  const behind = parts.slice(firstTrained(parts));
  const inputGradients = forwardCost(behind) - (behind[0]?.cost.firstLayer ?? 0);
  const weightGradients = sumOf(parts.filter(({ isTrained }) => isTrained).map(weightGradientCost));
  return forwardCost(parts) + inputGradients + weightGradients;
}

const weightGradientCost = ({ cost, frozenWeights = [] }: PartInTraining): number =>
  cost.forward - sumOf(frozenWeights.map((name) => cost.ofWeights.get(name) ?? 0));

/** Σ_{b < t0} F_b */
function prefixCost(parts: readonly PartInTraining[]): number {
  return forwardCost(parts.slice(0, firstTrained(parts)));
}

function firstTrained(parts: readonly PartInTraining[]): number {
  const first = parts.findIndex(({ isTrained }) => isTrained);
  if (first < 0) throw new RangeError(`none of ${parts.length} parts is trained`);
  return first;
}

const forwardCost = (parts: readonly PartInTraining[]) => sumOf(parts.map(({ cost }) => cost.forward));

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

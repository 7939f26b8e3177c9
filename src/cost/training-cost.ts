import { type ImageCosts, imageCosts, type PartInTraining } from './image-costs.js';

/** How many images a training has. */
export interface ImageCounts {
  readonly train: number;
  readonly validation: number;
}

/** How long a stage of a training lasts. */
export interface StageLength {
  /** Epochs that were run, each with a pass over the validation images. */
  readonly epochCount: number;
  /** Training images per epoch whose gradients are taken beside its steps, as AUTO_RGN takes them; none when absent. */
  readonly gradientPassImageCount?: number;
}

/** Epochs of one training in which the same parts learn. */
export interface TrainingStage extends StageLength {
  /** Together the whole network, input side first. */
  readonly parts: readonly PartInTraining[];
  /** Whether the features before the first trained part are computed once per stage, instead of in each epoch. */
  readonly isPrefixCached: boolean;
}

/**
 * The multiply-accumulates of one whole training.
 *
 * A stage is charged for its own features, even where another one has left them in the cache, and for a head that another
 * training has made: so methods compare, whichever worker runs them. What is done once per step instead of per image, such as
 * an optimizer's update or LoRA's product of two factors, is left out.
 *
 * @returns Exact up to 2^53 (9.0e15); beyond, each of the few sums and products rounds by at most 2^-53 of itself, so
 *   that 15 digits hold.
 * @throws {RangeError} when a stage trains no part.
 */
export function trainingCost(stages: readonly TrainingStage[], images: ImageCounts): number {
  return stages.reduce(
    (sum, stage) => sum + stageCost(imageCosts(stage.parts, stage.isPrefixCached), stage, images),
    0,
  );
}

/** The multiply-accumulates of one stage; for an estimate, `costs` may be means. */
export function stageCost(costs: ImageCosts, length: StageLength, { train, validation }: ImageCounts): number {
  const { epochCount, gradientPassImageCount = 0 } = length;
  const epoch = (train + gradientPassImageCount) * costs.training + validation * costs.validation;
  return epochCount * epoch + (train + validation) * costs.prefix;
}

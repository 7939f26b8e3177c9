import { forwardCosts } from '../../cost/forward-costs.js';
import { trainingCost, type ImageCounts, type TrainingStage } from '../../cost/training-cost.js';
import type { TrainSpec } from '../../domain/task.js';
import { frozenWeights } from '../../networks/learning-parameters.js';
import { layerParameterSpecs } from '../../networks/parameters.js';
import type { StageRecord } from '../../training/loop/stage-record.js';
import type { TrainingCheckpoint } from '../../training/loop/training-checkpoint.js';

/** What a training was of, as far as it decides what a stage costs. */
type MeteredTraining = Pick<TrainSpec['network'], 'imageSizePx' | 'classCount'> & Pick<TrainSpec, 'technique'>;

/** The multiply-accumulates of a training, from what its stages did. */
export const multiplyAccumulatesOf = (
  stages: readonly StageRecord[],
  training: MeteredTraining,
  images: ImageCounts,
): number =>
  trainingCost(
    stages.map((stage) => ({ ...stage, parts: partsOf(stage, training) })),
    images,
  );

/**
 * What stages did since a checkpoint of their training. A stage that goes on computes its features anew, as on another
 * machine, and is charged for them.
 */
export function stagesSince(
  stages: readonly StageRecord[],
  checkpoint: Pick<TrainingCheckpoint, 'stages' | 'epochs'> | undefined,
): StageRecord[] {
  if (checkpoint === undefined) return [...stages];
  const doneCount = checkpoint.stages.length;
  const epochsBefore = checkpoint.stages.reduce((sum, { epochCount }) => sum + epochCount, 0);
  const begun = checkpoint.epochs.length - epochsBefore;
  return stages
    .slice(doneCount)
    .map((stage, index) => (index === 0 ? { ...stage, epochCount: stage.epochCount - begun } : stage));
}

function partsOf(
  { parts }: StageRecord,
  { imageSizePx, classCount, technique }: MeteredTraining,
): TrainingStage['parts'] {
  const layers = parts.map((part) => part.layers);
  const specs = layers.flatMap((ofPart, index) => layerParameterSpecs(ofPart, index, classCount));
  const segments = parts.map(({ isTrained, learnsNormsOnly = false }) => ({
    lrMultiplier: isTrained ? 1 : 0,
    learnsNormsOnly,
  }));
  const frozen = frozenWeights(specs, segments, technique);
  return forwardCosts(layers, imageSizePx, classCount).map((cost, index) => ({
    cost,
    isTrained: parts[index]?.isTrained === true,
    frozenWeights: frozen[index] ?? [],
  }));
}

import { forwardCosts, type PartCost } from '../cost/forward-costs.js';
import { type ImageCosts, imageCosts } from '../cost/image-costs.js';
import { meanCostOfRandomGenomes } from '../cost/random-genomes.js';
import { type ImageCounts, stageCost, type StageLength } from '../cost/training-cost.js';
import type { FineTuneJobSpec } from '../domain/fine-tune-job.js';
import type { Method } from '../domain/method.js';
import type { TrainingProtocol } from '../domain/training-protocol.js';
import type { BlockRule } from '../domain/genome.js';
import { type NetworkDefinition, splitAtClassifier } from '../networks/network.js';
import { parameterSpecs } from '../networks/parameters.js';

/** A network at a job's size, as far as it decides what a training costs. */
export interface NetworkCosts {
  /** One per block. */
  readonly blocks: readonly PartCost[];
  /** What a linear probe keeps, and its classifier. */
  readonly probe: readonly [features: PartCost, classifier: PartCost];
  /** Running statistics move in frozen blocks too, unless these are told to leave them alone. */
  readonly hasBatchNorm: boolean;
}

export function networkCosts(network: NetworkDefinition, sizePx: number, classCount: number): NetworkCosts {
  const layers = network.blocks.map((block) => block.layers);
  const { features, head } = splitAtClassifier(network);
  const [whole, classifier] = forwardCosts([[...layers.slice(0, -1).flat(), ...features], head], sizePx, classCount);
  if (whole === undefined || classifier === undefined) throw new Error('two parts were asked for');
  const hasBatchNorm = parameterSpecs(network, classCount).some(({ isBuffer, isIdle }) => isBuffer && !isIdle);
  return { blocks: forwardCosts(layers, sizePx, classCount), probe: [whole, classifier], hasBatchNorm };
}

/** What decides the cost of a job's trainings. */
export interface TrainingSetting {
  readonly spec: Pick<FineTuneJobSpec, 'data' | 'methods'> & { readonly training: TrainingProtocol };
  readonly costs: NetworkCosts;
  /** How the search's genomes are read, one per block. */
  readonly rules: readonly BlockRule[];
}

/** The most that one training of a method takes; that of a search is the mean over random candidates. */
export interface TrainingEstimate {
  readonly epochCount: number;
  readonly multiplyAccumulates: number;
}

/** Estimates one training with all its epochs, though most stop early. */
export function estimateTraining(method: Method, setting: TrainingSetting, images: ImageCounts): TrainingEstimate {
  const stages = stagesOf(method, setting, images.train);
  return {
    epochCount: stages.reduce((sum, { epochCount }) => sum + epochCount, 0),
    multiplyAccumulates: stages.reduce((sum, { costs, ...length }) => sum + stageCost(costs, length, images), 0),
  };
}

type EstimatedStage = StageLength & { readonly costs: ImageCosts };

function stagesOf(method: Method, { spec, costs, rules }: TrainingSetting, trainImageCount: number): EstimatedStage[] {
  const { epochCount, frozenBatchNorm, batchSize } = spec.training;
  // Features of images that vary are computed anew in each epoch, and so are those of BatchNorm that moves.
  const isFixed = frozenBatchNorm === 'EVAL' || !costs.hasBatchNorm;
  const isPrefixCached = spec.data.augmentation === 'NONE' && isFixed;
  const blockCount = costs.blocks.length;
  const lastBlocks = (count: number) =>
    imageCosts(
      costs.blocks.map((cost, block) => ({ cost, isTrained: block >= blockCount - count })),
      isPrefixCached,
    );
  const full = { costs: lastBlocks(blockCount), epochCount };
  const probe = (isCached: boolean) => ({
    costs: imageCosts(
      costs.probe.map((cost, part) => ({ cost, isTrained: part === 1 })),
      isCached,
    ),
    epochCount,
  });
  switch (method) {
    case 'BIOTUNE':
    case 'RANDOM_SEARCH': {
      const blocks = costs.blocks.map((cost, block) => ({ cost, policy: rules[block]?.policy ?? 'FREE' }));
      return [{ costs: meanCostOfRandomGenomes(blocks, isPrefixCached), epochCount }];
    }
    case 'SUFFIX_GRID':
      return [{ costs: meanOf(costs.blocks.map((_, block) => lastBlocks(block + 1))), epochCount }];
    case 'LINEAR_PROBE':
      return [probe(true)];
    case 'LP_FT':
      return [probe(spec.data.augmentation === 'NONE'), full];
    case 'GRADUAL_UNFREEZING':
      return [...costs.blocks.slice(1).map((_, block) => ({ costs: lastBlocks(block + 1), epochCount: 1 })), full];
    case 'AUTO_RGN':
      return [
        { ...full, gradientPassImageCount: Math.min(trainImageCount, spec.methods.autoRgn.batchCount * batchSize) },
      ];
    default:
      return [full];
  }
}

function meanOf(costs: readonly ImageCosts[]): ImageCosts {
  const mean = (part: keyof ImageCosts) => costs.reduce((sum, cost) => sum + cost[part], 0) / costs.length;
  return { training: mean('training'), validation: mean('validation'), prefix: mean('prefix') };
}

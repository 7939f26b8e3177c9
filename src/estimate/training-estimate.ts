import { forwardCosts, type PartCost } from '../cost/forward-costs.js';
import { imageCosts, type PartInTraining } from '../cost/image-costs.js';
import { meanCostOfRandomGenomes } from '../cost/random-genomes.js';
import { type ImageCounts, stageCost } from '../cost/training-cost.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import type { TrainingProtocol } from '../domain/job/training-protocol.js';
import type { BlockRule } from '../domain/job/genome.js';
import { fixedMultipliers, listedCandidates, protocolOf, techniqueOf } from '../methods/apply-method.js';
import { firstBatchesExampleCount } from '../methods/batch-sizes.js';
import { type CutFacts, cutOf } from '../methods/cut.js';
import type { MethodCandidate, MethodDefinition, TrainedDefinition } from '../methods/method-definition.js';
import type { Technique } from '../methods/method-table.js';
import { learningBlocks, type Stage } from '../methods/stage.js';
import { stagesOf } from '../methods/stages.js';
import { type NetworkDefinition, splitAtClassifier } from '../networks/network.js';
import { frozenWeights } from '../networks/learning-parameters.js';
import { hasRunningStatistics, type ParameterSpec, parameterSpecs } from '../networks/parameters.js';
import { mean } from '../statistics/mean.js';

/** A network at a job's size, as far as it decides what a training costs. */
export interface NetworkCosts {
  /** One per block. */
  readonly blocks: readonly PartCost[];
  /** What a linear probe keeps, and its classifier. */
  readonly probe: readonly [features: PartCost, classifier: PartCost];
  /** One per block, as `CutFacts` has them. */
  readonly hasBatchNorm: readonly boolean[];
  /** The network's tensors. */
  readonly specs: readonly ParameterSpec[];
}

export function networkCosts(network: NetworkDefinition, sizePx: number, classCount: number): NetworkCosts {
  const layers = network.blocks.map((block) => block.layers);
  const { features, head } = splitAtClassifier(network);
  const [whole, classifier] = forwardCosts([[...layers.slice(0, -1).flat(), ...features], head], sizePx, classCount);
  if (whole === undefined || classifier === undefined) throw new Error('two parts were requested');
  return {
    blocks: forwardCosts(layers, sizePx, classCount),
    probe: [whole, classifier],
    hasBatchNorm: layers.map(hasRunningStatistics),
    specs: parameterSpecs(network, classCount),
  };
}

/** A candidate that a search may try. */
export interface SearchedCandidate extends MethodCandidate {
  /** As `Stage.normBlocks`. */
  readonly normBlocks?: readonly number[];
}

/** What decides the cost of a job's trainings. */
export interface TrainingSetting {
  readonly spec: Pick<FineTuneJobSpec, 'data' | 'methods'> & { readonly training: TrainingProtocol };
  readonly costs: NetworkCosts;
  /** How the search's genomes are read, one per block. */
  readonly rules: readonly BlockRule[];
  /** The candidates that stand for those of the search, none of them without a trained block; random genomes do when absent. */
  readonly searched?: readonly SearchedCandidate[] | undefined;
}

/** The most that one training of a method takes; that of a search is the mean over its candidates, random ones of genomes. */
export interface TrainingEstimate {
  readonly epochCount: number;
  readonly multiplyAccumulates: number;
}

/**
 * Estimates one training with all its epochs, though most stop early.
 *
 * @param searchedEpochCount The mean epochs of the last stage of `setting.searched`, whole or not; all of them when absent.
 */
export function estimateTraining(
  method: TrainedDefinition,
  setting: TrainingSetting,
  images: ImageCounts,
  searchedEpochCount?: number,
): TrainingEstimate {
  const { training, methods } = setting.spec;
  const blockCount = setting.costs.blocks.length;
  switch (method.kind) {
    case 'FIXED':
      return ofCandidate(method, { lrMultipliers: fixedMultipliers(method, blockCount, methods) }, setting, images);
    case 'LIST': {
      const candidates = listedCandidates(method, { blockCount, ...training }, methods);
      return meanOfTrainings(candidates.map((candidate) => ofCandidate(method, candidate, setting, images)));
    }
    case 'EVOLUTION':
      return setting.searched === undefined
        ? ofRandomGenomes(method, setting, images)
        : meanOfTrainings(
            setting.searched.map((candidate) =>
              ofCandidate(method, candidate, setting, images, (stages) => withLastEpochs(stages, searchedEpochCount)),
            ),
          );
    case 'RANDOM_GENOMES':
      return ofRandomGenomes(method, setting, images);
  }
}

/** @param counted Gives what counts of its stages. */
function ofCandidate(
  method: MethodDefinition,
  { settings, ...blocks }: SearchedCandidate,
  { spec, costs }: Pick<TrainingSetting, 'spec' | 'costs'>,
  images: ImageCounts,
  counted: (stages: readonly Stage[]) => readonly Stage[] = (stages) => stages,
): TrainingEstimate {
  const { epochCount, batchSize } = spec.training;
  const facts = factsOf(method, spec, costs);
  const technique = techniqueOf(method, spec.methods, settings);
  const { headInit } = protocolOf(method, { ...spec.training, ...spec.data });
  const stages = counted(stagesOf({ technique, ...blocks, epochCount, headInit }));
  const costOf = (stage: Stage): number => {
    const perImage = imageCosts(partsOf(stage, costs, technique), cutOf(stage, facts).isPrefixCached);
    const gradientPassImageCount = firstBatchesExampleCount(images.train, batchSize, stage.gradientPassBatchCount ?? 0);
    return stageCost(perImage, { epochCount: stage.epochCount, gradientPassImageCount }, images);
  };
  return {
    epochCount: stages.reduce((sum, stage) => sum + stage.epochCount, 0),
    multiplyAccumulates: stages.reduce((sum, stage) => sum + costOf(stage), 0),
  };
}

const withLastEpochs = (stages: readonly Stage[], epochCount: number | undefined): Stage[] =>
  stages.map((stage, index) =>
    index < stages.length - 1 ? stage : { ...stage, epochCount: epochCount ?? stage.epochCount },
  );

function partsOf(stage: Stage, costs: NetworkCosts, technique: Technique): PartInTraining[] {
  if (stage.part === 'CLASSIFIER') return costs.probe.map((cost, index) => ({ cost, isTrained: index === 1 }));
  const segments = learningBlocks(stage);
  const frozen = frozenWeights(costs.specs, segments, technique);
  return costs.blocks.map((cost, block) => ({
    cost,
    isTrained: (stage.lrMultipliers[block] ?? 0) > 0,
    frozenWeights: frozen[block] ?? [],
  }));
}

function ofRandomGenomes(
  method: MethodDefinition,
  { spec, costs, rules }: TrainingSetting,
  images: ImageCounts,
): TrainingEstimate {
  const { epochCount } = spec.training;
  const facts = factsOf(method, spec, costs);
  const blocks = costs.blocks.map((cost, block) => ({ cost, policy: rules[block]?.policy ?? 'FREE' }));
  const isPrefixCached = blocks.map((_, first) => {
    const lrMultipliers = blocks.map((__, block) => (block < first ? 0 : 1));
    return cutOf({ part: 'BLOCKS', lrMultipliers }, facts).isPrefixCached;
  });
  const cost = meanCostOfRandomGenomes(blocks, isPrefixCached);
  const anyCandidate = { lrMultipliers: blocks.map(() => 1) };
  const start = ofCandidate(method, anyCandidate, { spec, costs }, images, (stages) =>
    stages.filter(({ isStart }) => isStart === true),
  );
  return {
    epochCount: start.epochCount + epochCount,
    multiplyAccumulates: start.multiplyAccumulates + stageCost(cost, { epochCount }, images),
  };
}

function factsOf(
  method: MethodDefinition,
  { training, data }: TrainingSetting['spec'],
  { hasBatchNorm }: NetworkCosts,
): CutFacts {
  const { frozenBatchNorm, augmentation } = protocolOf(method, { ...training, ...data });
  return { hasBatchNorm, frozenBatchNorm, imagesVary: augmentation !== 'NONE' };
}

/** The mean of at least one. */
export function meanOfTrainings(estimates: readonly TrainingEstimate[]): TrainingEstimate {
  const meanOfAll = (figure: keyof TrainingEstimate) => mean(estimates.map((estimate) => estimate[figure]));
  return { epochCount: meanOfAll('epochCount'), multiplyAccumulates: meanOfAll('multiplyAccumulates') };
}

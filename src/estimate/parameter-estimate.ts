import { trainedChances } from '../cost/random-genomes.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import type { TrainingProtocol } from '../domain/job/training-protocol.js';
import type { BlockRule } from '../domain/job/genome.js';
import { fixedMultipliers, listedCandidates, techniqueOf } from '../methods/apply-method.js';
import type { MethodDefinition, TrainedDefinition } from '../methods/method-definition.js';
import { learningBlocks } from '../methods/stage.js';
import { stagesOf } from '../methods/stages.js';
import { learningCount } from '../networks/learning-parameters.js';
import type { NetworkDefinition } from '../networks/network.js';
import { mean } from '../statistics/mean.js';
import { elementCount, type ParameterSpec, parameterSpecs } from '../networks/parameters.js';
import type { SearchedCandidate } from './training-estimate.js';

/** How many numbers a network has, and how many of them a method moves; running statistics are not counted. */
export interface ParameterEstimate {
  /**
   * Parameters that one training trains in its last stage; the mean over the candidates by which a search is
   * estimated.
   */
  readonly trainedParameterCount: number;
  readonly totalParameterCount: number;
}

/** What decides which parameters a job's trainings move. */
export interface ParameterSetting {
  readonly spec: Pick<FineTuneJobSpec, 'methods'> & { readonly training: TrainingProtocol };
  /** How the search's genomes are read, one per block. */
  readonly rules: readonly BlockRule[];
  /** As `TrainingSetting` has it. */
  readonly searched?: readonly SearchedCandidate[] | undefined;
}

export function estimateParameters(
  method: TrainedDefinition,
  network: NetworkDefinition,
  classCount: number,
  setting: ParameterSetting,
): ParameterEstimate {
  const specs = parameterSpecs(network, classCount);
  const counted = specs.filter(({ isBuffer }) => !isBuffer);
  return {
    trainedParameterCount: trainedCount(method, specs, setting),
    totalParameterCount: counted.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}

function trainedCount(
  method: TrainedDefinition,
  specs: readonly ParameterSpec[],
  { spec, rules, searched }: ParameterSetting,
): number {
  const { training, methods } = spec;
  const countOf = (candidate: SearchedCandidate) => countOfCandidate(method, specs, spec, candidate);
  switch (method.kind) {
    case 'FIXED':
      return countOf({ lrMultipliers: fixedMultipliers(method, rules.length, methods) });
    case 'LIST':
      return mean(listedCandidates(method, { blockCount: rules.length, ...training }, methods).map(countOf));
    case 'EVOLUTION':
    case 'RANDOM_GENOMES': {
      if (method.kind === 'EVOLUTION' && searched !== undefined) return mean(searched.map(countOf));
      const perBlock = rules.map((_, block) =>
        countOf({ lrMultipliers: rules.map((__, other) => (other === block ? 1 : 0)) }),
      );
      const chances = trainedChances(rules);
      return perBlock.reduce((sum, count, block) => sum + count * (chances[block] ?? 0), 0);
    }
  }
}

function countOfCandidate(
  method: MethodDefinition,
  specs: readonly ParameterSpec[],
  { training: { epochCount }, methods }: ParameterSetting['spec'],
  { settings, ...blocks }: SearchedCandidate,
): number {
  const technique = techniqueOf(method, methods, settings);
  const last = stagesOf({ technique, ...blocks, epochCount, headInit: 'RANDOM' }).at(-1);
  const ofStage = last?.part === 'CLASSIFIER' ? specs.filter(({ isClassifier }) => isClassifier) : specs;
  return learningCount(ofStage, last === undefined ? [] : learningBlocks(last), technique);
}

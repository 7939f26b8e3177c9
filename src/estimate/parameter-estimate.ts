import { trainedChances } from '../cost/random-genomes.js';
import type { BlockRule } from '../domain/genome.js';
import { isSearching, type Method, type MethodSettings } from '../domain/method.js';
import { learningCount } from '../networks/learning-parameters.js';
import type { NetworkDefinition } from '../networks/network.js';
import { elementCount, type ParameterSpec, parameterSpecs } from '../networks/parameters.js';
import { fixedMultipliers, techniqueOf } from '../jobs/methods.js';

/** How many numbers a network has, and how many of them a method moves; running statistics are not counted. */
export interface ParameterEstimate {
  /** Of one training, in its last stage; the mean over random candidates of a search. */
  readonly trainedParameterCount: number;
  readonly totalParameterCount: number;
}

/** @param rules How the search's genomes are read, one per block. */
export function estimateParameters(
  method: Method,
  network: NetworkDefinition,
  classCount: number,
  { methods, rules }: { readonly methods: MethodSettings; readonly rules: readonly BlockRule[] },
): ParameterEstimate {
  const specs = parameterSpecs(network, classCount);
  const counted = specs.filter(({ isBuffer }) => !isBuffer);
  return {
    trainedParameterCount: trainedCount(method, specs, methods, rules),
    totalParameterCount: counted.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  };
}

function trainedCount(
  method: Method,
  specs: readonly ParameterSpec[],
  methods: MethodSettings,
  rules: readonly BlockRule[],
): number {
  const technique = techniqueOf(method, methods);
  const countOf = (lrMultipliers: readonly number[], of = specs) =>
    learningCount(
      of,
      lrMultipliers.map((lrMultiplier) => ({ lrMultiplier })),
      technique,
    );
  if (!isSearching(method)) {
    const ofMethod = method === 'LINEAR_PROBE' ? specs.filter(({ isClassifier }) => isClassifier) : specs;
    return countOf(fixedMultipliers(method, rules.length, methods), ofMethod);
  }
  const perBlock = rules.map((_, block) => countOf(rules.map((__, other) => (other === block ? 1 : 0))));
  const chances = blockChances(method, rules);
  return perBlock.reduce((sum, count, block) => sum + count * (chances[block] ?? 0), 0);
}

/** Per block, the share of a method's candidates that train it. */
function blockChances(method: Method, rules: readonly BlockRule[]): number[] {
  if (method === 'FULL_FINE_TUNE_TUNED') return rules.map(() => 1);
  if (method === 'SUFFIX_GRID') return rules.map((_, block) => (block + 1) / rules.length);
  return trainedChances(rules);
}

import { DomainError } from '../domain/errors.js';
import type { HostTensor } from '../formats/safetensors.js';
import { randomStream } from '../random/random-stream.js';
import type { NetworkDefinition } from './network.js';
import { elementCount, type ParameterSpec, parameterSpecs } from './parameters.js';

/** Tensors by torch name, in torch layout. */
export type Weights = ReadonlyMap<string, HostTensor>;

/**
 * Checks that tensors are a network's whole state for `classCount` classes, and puts them in state dict order.
 *
 * @throws {DomainError} WEIGHTS_INVALID for a tensor that is missing, left over, or of another shape; names it.
 */
export function checkWeights(network: NetworkDefinition, tensors: Weights, classCount: number): Weights {
  const specs = parameterSpecs(network, classCount);
  checkNames(network, tensors, specs);
  return new Map(specs.map((spec) => [spec.name, checkedTensor(spec, tensors)]));
}

/**
 * The state that a fine-tuning starts from: the pretrained tensors, with a fresh classifier unless theirs already has
 * `classCount` classes.
 *
 * @param seed The fresh classifier follows from it alone: uniform in ±1/sqrt(input count), as torch's Linear starts.
 * @throws {DomainError} WEIGHTS_INVALID as `checkWeights`; the classifier must be there whatever its class count.
 */
export function loadWeights(network: NetworkDefinition, tensors: Weights, classCount: number, seed: number): Weights {
  const specs = parameterSpecs(network, classCount);
  const classifierName = specs.find(({ isClassifier, isIdle }) => isClassifier && !isIdle)?.name ?? '';
  const pretrainedClassCount = tensors.get(classifierName)?.shape[0] ?? classCount;
  const pretrained = checkWeights(network, tensors, pretrainedClassCount);
  if (pretrainedClassCount === classCount) return pretrained;
  const fresh = specs.filter(({ isClassifier }) => isClassifier);
  return new Map([...pretrained, ...fresh.map((spec) => [spec.name, freshTensor(spec, fresh, seed)] as const)]);
}

function checkNames(network: NetworkDefinition, tensors: Weights, specs: readonly ParameterSpec[]): void {
  const known = new Set(specs.map(({ name }) => name));
  for (const [name, { shape }] of tensors) {
    if (!known.has(name)) throw invalid(name, 'no tensor', describe(shape), network.architecture);
  }
  for (const { name, shape } of specs) {
    if (!tensors.has(name)) throw invalid(name, describe(shape), 'no tensor', network.architecture);
  }
}

function checkedTensor({ name, shape }: ParameterSpec, tensors: Weights): HostTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined || !sameShape(tensor.shape, shape)) {
    throw invalid(name, describe(shape), tensor === undefined ? 'no tensor' : describe(tensor.shape));
  }
  return tensor;
}

/** @param classifier All tensors of classifiers: the input count is in the shape of the same one's weight. */
function freshTensor({ name, shape }: ParameterSpec, classifier: readonly ParameterSpec[], seed: number): HostTensor {
  const weightName = name.replace(/\.bias$/, '.weight');
  const matrix = classifier.find((spec) => spec.name === weightName);
  const bound = 1 / Math.sqrt(elementCount(matrix?.shape.slice(1) ?? [1]));
  const next = randomStream(`${seed}/classifier/${name}`);
  return { dtype: 'F32', shape, data: new Float32Array(elementCount(shape)).map(() => (2 * next() - 1) * bound) };
}

function sameShape(found: readonly number[] | undefined, expected: readonly number[]): boolean {
  return found?.length === expected.length && expected.every((length, axis) => found[axis] === length);
}

const describe = (shape: readonly number[]) => `[${shape.join(', ')}]`;

function invalid(tensor: string, expected: string, found: string, architecture?: string): DomainError {
  const where = architecture === undefined ? '' : ` of ${architecture}`;
  return new DomainError('WEIGHTS_INVALID', `tensor ${tensor}${where}: expected ${expected}, found ${found}`, {
    tensor,
    expected,
    found,
  });
}

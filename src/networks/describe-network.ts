import type { Block } from '../domain/base-model.js';
import type { NetworkDefinition } from './network.js';
import { elementCount, parameterSpecs } from './parameters.js';

/** A network's size, as the catalogue shows it. */
export interface NetworkDescription {
  /** Trainable parameters; running statistics are not counted. */
  readonly parameterCount: number;
  /** Input side first; `parameterNames` leaves out running statistics. */
  readonly blocks: readonly Block[];
}

/** Counts and names the parameters of each block, for a classifier of `classCount` classes. */
export function describeNetwork(network: NetworkDefinition, classCount: number): NetworkDescription {
  const specs = parameterSpecs(network, classCount);
  const blocks = network.blocks.map(({ id, displayName }, index) => {
    const own = specs.filter(({ blockIndex }) => blockIndex === index);
    const parameters = own.filter(({ isBuffer }) => !isBuffer);
    return {
      id,
      index,
      displayName,
      parameterNames: parameters.map(({ name }) => name),
      parameterCount: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      // Only BatchNorm has buffers.
      hasBatchNorm: own.some(({ isBuffer }) => isBuffer),
    };
  });
  return { blocks, parameterCount: blocks.reduce((sum, { parameterCount }) => sum + parameterCount, 0) };
}

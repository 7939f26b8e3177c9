import type { Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** One tensor of a network's state. */
export interface ParameterSpec {
  /** Its key in the torch state dict. */
  readonly name: string;
  /** In torch layout: conv [out, in, height, width], depthwise [channels, 1, height, width], linear [out, in]. */
  readonly shape: readonly number[];
  /** Decides how the layout is converted. */
  readonly kind: 'conv' | 'depthwise' | 'linear' | 'vector';
  readonly blockIndex: number;
  /** True for running statistics: part of the state, but no gradient reaches them. */
  readonly isBuffer: boolean;
  /** True where the shape depends on the class count. */
  readonly isClassifier: boolean;
}

/** Every parameter and buffer of a network, in the order of torch's state dict. */
export function parameterSpecs(network: NetworkDefinition, classCount: number): ParameterSpec[] {
  return network.blocks.flatMap(({ layers }, blockIndex) => layerParameterSpecs(layers, blockIndex, classCount));
}

/** The product of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The parameters and buffers of some layers, told to belong to block `blockIndex`. */
export function layerParameterSpecs(layers: readonly Layer[], blockIndex: number, classCount: number): ParameterSpec[] {
  const common = { blockIndex, isBuffer: false, isClassifier: false };
  return layers.flatMap((layer): ParameterSpec[] => {
    switch (layer.type) {
      case 'conv': {
        const { name, kernelSize, inputChannels, outputChannels } = layer;
        const shape = [outputChannels, inputChannels, kernelSize, kernelSize];
        return [{ ...common, name: `${name}.weight`, shape, kind: 'conv' }];
      }
      case 'depthwiseConv': {
        const { name, kernelSize, channels } = layer;
        return [{ ...common, name: `${name}.weight`, shape: [channels, 1, kernelSize, kernelSize], kind: 'depthwise' }];
      }
      case 'batchNorm': {
        const vector = { ...common, shape: [layer.channels], kind: 'vector' } as const;
        return [
          { ...vector, name: `${layer.name}.weight` },
          { ...vector, name: `${layer.name}.bias` },
          { ...vector, name: `${layer.name}.running_mean`, isBuffer: true },
          { ...vector, name: `${layer.name}.running_var`, isBuffer: true },
        ];
      }
      case 'classifier': {
        const own = { ...common, isClassifier: true };
        return [
          { ...own, name: `${layer.name}.weight`, shape: [classCount, layer.inputCount], kind: 'linear' },
          { ...own, name: `${layer.name}.bias`, shape: [classCount], kind: 'vector' },
        ];
      }
      case 'residual':
        return layerParameterSpecs(layer.branch, blockIndex, classCount);
      case 'relu6':
      case 'globalMeanPool':
        return [];
    }
  });
}

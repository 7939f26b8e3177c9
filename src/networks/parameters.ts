import type { Classifier, Layer } from './layers.js';
import type { NetworkDefinition } from './network.js';

/** One tensor of a network's state. */
export interface ParameterSpec {
  /** Its key in the torch state dict. */
  readonly name: string;
  /**
   * The shape in torch layout: conv [out, in, height, width], depthwise [channels, 1, height, width], linear [out, in].
   */
  readonly shape: readonly number[];
  /** Decides how the layout is converted. */
  readonly kind: 'conv' | 'depthwise' | 'linear' | 'vector';
  readonly blockIndex: number;
  /** True for running statistics: part of the state, but no gradient reaches them. */
  readonly isBuffer: boolean;
  /** True where the shape depends on the class count. */
  readonly isClassifier: boolean;
  /** True for a layer that does not run: counted with its block, loaded and saved, but never trained. */
  readonly isIdle: boolean;
}

/** Every parameter and buffer of a network, in the order of torch's state dict. */
export function parameterSpecs(network: NetworkDefinition, classCount: number): ParameterSpec[] {
  return network.blocks.flatMap(({ layers }, blockIndex) => layerParameterSpecs(layers, blockIndex, classCount));
}

/** The product of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Whether layers have statistics that a training may move: only a BatchNorm that runs does. */
export const hasRunningStatistics = (layers: readonly Layer[]): boolean =>
  layerParameterSpecs(layers, 0, 1).some(({ isBuffer, isIdle }) => isBuffer && !isIdle);

/** The parameters and buffers of some layers, as those of block `blockIndex`. */
export function layerParameterSpecs(layers: readonly Layer[], blockIndex: number, classCount: number): ParameterSpec[] {
  const common = { blockIndex, isBuffer: false, isClassifier: false, isIdle: false };
  return layers.flatMap((layer) => tensorsOf(layer, classCount)).map((tensor) => ({ ...common, ...tensor }));
}

/** What a layer says of a tensor; what it leaves out is false. */
type LayerTensor = Pick<ParameterSpec, 'name' | 'shape' | 'kind'> &
  Partial<Pick<ParameterSpec, 'isBuffer' | 'isClassifier' | 'isIdle'>>;

function tensorsOf(layer: Layer, classCount: number): LayerTensor[] {
  const tensorsOfAll = (layers: readonly Layer[]) => layers.flatMap((inner) => tensorsOf(inner, classCount));
  switch (layer.type) {
    case 'conv': {
      const { name, kernelSize, inputChannels, outputChannels } = layer;
      const weight = weightOf(name, 'conv', [outputChannels, inputChannels, ...kernelSize]);
      return layer.hasBias ? [weight, biasOf(name, outputChannels)] : [weight];
    }
    case 'depthwiseConv':
      return [weightOf(layer.name, 'depthwise', [layer.channels, 1, ...layer.kernelSize])];
    case 'batchNorm': {
      const vector = { shape: [layer.channels], kind: 'vector' } as const;
      return [
        { ...vector, name: `${layer.name}.weight` },
        { ...vector, name: `${layer.name}.bias` },
        { ...vector, name: `${layer.name}.running_mean`, isBuffer: true },
        { ...vector, name: `${layer.name}.running_var`, isBuffer: true },
      ];
    }
    case 'linear':
      return [
        weightOf(layer.name, 'linear', [layer.outputCount, layer.inputCount]),
        biasOf(layer.name, layer.outputCount),
      ];
    case 'classifier':
      return classifierTensors(layer, classCount);
    case 'residual':
      return tensorsOfAll([...layer.branch, ...layer.shortcut]);
    case 'concat':
      return layer.branches.flatMap(tensorsOfAll);
    case 'idle':
      return tensorsOfAll(layer.layers).map((tensor) => ({ ...tensor, isIdle: true }));
    default:
      return [];
  }
}

function classifierTensors({ form, name, inputCount }: Classifier, classCount: number): LayerTensor[] {
  const matrix = [classCount, inputCount];
  const weight = form === 'linear' ? weightOf(name, 'linear', matrix) : weightOf(name, 'conv', [...matrix, 1, 1]);
  return [weight, biasOf(name, classCount)].map((tensor) => ({ ...tensor, isClassifier: true }));
}

const weightOf = (name: string, kind: ParameterSpec['kind'], shape: readonly number[]) => ({
  name: `${name}.weight`,
  kind,
  shape,
});

const biasOf = (name: string, count: number) => ({ name: `${name}.bias`, kind: 'vector', shape: [count] }) as const;

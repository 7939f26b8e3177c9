import type { Layer } from '../networks/layers.js';
import { type ImageShape, slidOver } from './image-shape.js';

/** A layer that has no layers inside. */
export type LeafLayer = Exclude<Layer, { readonly type: 'residual' | 'concat' | 'idle' }>;

/** What a layer makes of an image, and the multiply-accumulates that it takes. */
export interface LayerCost {
  readonly output: ImageShape;
  readonly cost: number;
}

/**
 * Counts a layer's products of weights: convolutions and linear layers. BatchNorm, activations and pooling have a few
 * operations per value instead of hundreds, and are counted as 0, as in the literature.
 */
export function layerCost(layer: LeafLayer, image: ImageShape, classCount: number): LayerCost {
  switch (layer.type) {
    case 'conv':
      return counted(slidOver(image, layer, layer.outputChannels), area(layer.kernelSize) * layer.inputChannels);
    case 'depthwiseConv':
      return counted(slidOver(image, layer, layer.channels), area(layer.kernelSize));
    case 'linear':
      return counted({ ...image, channels: layer.outputCount }, layer.inputCount);
    case 'classifier':
      return counted({ ...image, channels: classCount }, layer.inputCount);
    case 'maxPool':
    case 'averagePool':
      return { output: slidOver(image, layer, image.channels), cost: 0 };
    case 'adaptiveAveragePool':
      return { output: { ...image, height: layer.size, width: layer.size }, cost: 0 };
    case 'globalMeanPool':
      return { output: { ...image, height: 1, width: 1 }, cost: 0 };
    case 'flatten':
      return { output: { height: 1, width: 1, channels: valueCount(image) }, cost: 0 };
    case 'batchNorm':
    case 'relu':
    case 'relu6':
    case 'reverseChannels':
      return { output: image, cost: 0 };
  }
}

/** @param productCount The products in one value of the output. */
const counted = (output: ImageShape, productCount: number): LayerCost => ({
  output,
  cost: valueCount(output) * productCount,
});

const valueCount = ({ height, width, channels }: ImageShape) => height * width * channels;

const area = ([height, width]: readonly [number, number]) => height * width;

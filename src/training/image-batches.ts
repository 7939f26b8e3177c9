import { type Tensor, tf } from './backend.js';
import { divide, execute1, floatsFromBytes, subtract, typeAttribute } from './kernels.js';

/** Decoded images of one size, with their classes. */
export interface LabelledImages {
  /** RGB bytes, [count, sizePx, sizePx, 3] */
  readonly pixels: Uint8Array;
  /** Class indices, [count] */
  readonly labels: Int32Array;
  readonly sizePx: number;
}

/** Per RGB channel, on pixel values 0 to 255: input = (pixel - mean) / std. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Labelled examples that a model can be fed with. Dispose it. */
export interface ExampleSource {
  /** Class indices, [count] */
  readonly labels: Int32Array;
  /** The examples at `indices`, float32 [indices.length, …]; the caller disposes it. */
  readonly batch: (indices: Int32Array) => Tensor;
  readonly dispose: () => void;
}

/** Images as normalised batches [batch, sizePx, sizePx, 3]; only bytes are kept, and they stay the caller's. */
export function imageSource({ pixels, labels, sizePx }: LabelledImages, { mean, std }: Normalization): ExampleSource {
  const imageBytes = sizePx * sizePx * 3;
  const means = tf.tensor1d([...mean], 'float32');
  const stds = tf.tensor1d([...std], 'float32');
  return {
    labels,
    batch: (indices) => {
      const bytes = new Uint8Array(indices.length * imageBytes);
      indices.forEach((image, position) =>
        bytes.set(pixels.subarray(image * imageBytes, (image + 1) * imageBytes), position * imageBytes),
      );
      return tf.tidy(() => divide(subtract(floatsFromBytes(bytes, [indices.length, sizePx, sizePx, 3]), means), stds));
    },
    dispose: () => tf.dispose([means, stds]),
  };
}

/**
 * Examples that are on the device already.
 *
 * @param features float32 [count, …]; becomes the source's, which disposes it.
 */
export function featureSource(features: Tensor, labels: Int32Array): ExampleSource {
  return {
    labels,
    batch: (indices) =>
      tf.tidy(() =>
        execute1(
          'GatherV2',
          [typeAttribute('Tparams', 'float32'), typeAttribute('Tindices', 'int32'), typeAttribute('Taxis', 'int32')],
          [features, tf.tensor1d(indices, 'int32'), tf.scalar(0, 'int32')],
        ),
      ),
    dispose: () => features.dispose(),
  };
}

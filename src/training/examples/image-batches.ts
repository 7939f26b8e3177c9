import { type Tensor, tf } from '../device/backend.js';
import { divide, floatsFromBytes, subtract } from '../ops/kernels.js';

/** What a loop takes with `for await`. */
export type Sequence<T> = Iterable<T> | AsyncIterable<T>;

/** Decoded images of one size with their classes, which need not be in memory. */
export interface LabelledImages {
  /** Class indices, [count] */
  readonly labels: Int32Array;
  readonly sizePx: number;
  /** Whether an epoch's images differ from those of another. */
  readonly isAugmented: boolean;
  /**
   * The images of one batch after the other, prepared ahead where that is possible.
   *
   * @param batches Indices of images.
   * @param epoch Decides with the image how it is augmented; as they are when absent.
   * @returns RGB bytes, [batch, sizePx, sizePx, 3], valid until the next is requested.
   */
  readonly read: (batches: readonly Int32Array[], epoch?: number) => Sequence<Uint8Array>;
}

/** Mean and deviation of each RGB channel, on pixel values 0 to 255: input = (pixel - mean) / std. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Labelled examples that a model can be fed with. Dispose it. */
export interface ExampleSource {
  /** Class indices, [count] */
  readonly labels: Int32Array;
  /** Reads batches as `LabelledImages.read` does; each is float32 [batch, …] and its consumer's to dispose. */
  readonly read: (batches: readonly Int32Array[], epoch?: number) => Sequence<Tensor>;
  /** The bytes of all examples, where they are kept and the same in every epoch. */
  readonly keptBytes?: number;
  /** All examples in one tensor on the device, float32 [count, …], which stays the source's. */
  readonly held?: Tensor;
  readonly dispose: () => void;
}

/**
 * Images that are in memory, never augmented.
 *
 * @param pixels RGB bytes, [count, sizePx, sizePx, 3]; stay the caller's.
 */
export function imagesInMemory(pixels: Uint8Array, labels: Int32Array, sizePx: number): LabelledImages {
  const imageBytes = sizePx * sizePx * 3;
  return {
    labels,
    sizePx,
    isAugmented: false,
    read: function* (batches) {
      for (const indices of batches) {
        const bytes = new Uint8Array(indices.length * imageBytes);
        indices.forEach((image, position) =>
          bytes.set(pixels.subarray(image * imageBytes, (image + 1) * imageBytes), position * imageBytes),
        );
        yield bytes;
      }
    },
  };
}

/** Images as normalised batches [batch, sizePx, sizePx, 3]; the images stay the caller's. */
export function imageSource(images: LabelledImages, { mean, std }: Normalization): ExampleSource {
  const { labels, sizePx } = images;
  const means = tf.tensor1d([...mean], 'float32');
  const stds = tf.tensor1d([...std], 'float32');
  const normalized = (bytes: Uint8Array) => {
    const shape = [bytes.length / (sizePx * sizePx * 3), sizePx, sizePx, 3];
    return tf.tidy(() => divide(subtract(floatsFromBytes(bytes, shape), means), stds));
  };
  return {
    labels,
    read: async function* (batches, epoch) {
      for await (const bytes of images.read(batches, epoch)) yield normalized(bytes);
    },
    dispose: () => tf.dispose([means, stds]),
  };
}

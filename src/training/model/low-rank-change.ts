import type { HostTensor } from '../../formats/safetensors.js';
import { lowRankShapes } from '../../networks/low-rank-shapes.js';
import { elementCount, type ParameterSpec } from '../../networks/parameters.js';
import { TENSORFLOW_AXES, TORCH_AXES } from '../../networks/weight-layout.js';
import { randomStream } from '../../random/random-stream.js';
import { type Tensor, tf } from '../device/backend.js';
import { add, matMul, multiply } from '../ops/kernels.js';

/**
 * The change of a weight that stays as it is: alpha / rank times the product of two matrices that learn, B times A, read
 * row by row in the weight's torch shape (LoRA, arXiv 2106.09685; for convolutions as loralib's ConvLoRA has it).
 *
 * @see lowRankShapes
 */
export class LowRankChange {
  readonly aName: string;
  readonly bName: string;
  private readonly aShape: readonly [number, number];
  private readonly bShape: readonly [number, number];
  private readonly scale: number;

  /** @param weight Not a vector. */
  constructor(
    readonly weight: ParameterSpec,
    { rank, alpha }: { readonly rank: number; readonly alpha: number },
  ) {
    const { a, b } = lowRankShapes(weight, rank);
    this.aName = `${weight.name}.lora_A`;
    this.bName = `${weight.name}.lora_B`;
    this.aShape = a;
    this.bShape = b;
    this.scale = alpha / rank;
  }

  /**
   * A uniform in ±1/sqrt(its columns), which is torch's kaiming_uniform_ with a = sqrt(5), and B all zeros: at first
   * nothing is changed.
   *
   * @param seed A follows from it and the weight's name alone.
   */
  start(seed: number): { readonly a: HostTensor; readonly b: HostTensor } {
    const bound = 1 / Math.sqrt(this.aShape[1]);
    const next = randomStream(`${seed}/lora/${this.weight.name}`);
    const values = new Float32Array(elementCount(this.aShape)).map(() => (2 * next() - 1) * bound);
    return {
      a: { dtype: 'F32', shape: this.aShape, data: values },
      b: { dtype: 'F32', shape: this.bShape, data: new Float32Array(elementCount(this.bShape)) },
    };
  }

  /**
   * The changed weight. Ops only, so that it can be traced.
   *
   * @param weight The weight in TensorFlow's layout, as the result, which the caller disposes.
   */
  applied(weight: Tensor, a: Tensor, b: Tensor): Tensor {
    const { shape, kind } = this.weight;
    return tf.tidy(() => {
      const change = tf.transpose(tf.reshape(matMul(b, a), [...shape]), [...TENSORFLOW_AXES[kind]]);
      return add(weight, multiply(change, tf.scalar(this.scale)));
    });
  }

  /**
   * The gradients of A and B. Ops only, so that it can be traced.
   *
   * @param gradient The gradient of the changed weight, in TensorFlow's layout; stays the caller's.
   * @returns New tensors, which the caller disposes.
   */
  gradients(gradient: Tensor, a: Tensor, b: Tensor): { readonly a: Tensor; readonly b: Tensor } {
    const { kind } = this.weight;
    return tf.tidy(() => {
      const ofChange = tf.reshape(tf.transpose(gradient, [...TORCH_AXES[kind]]), [this.bShape[0], this.aShape[1]]);
      const scaled = multiply(ofChange, tf.scalar(this.scale));
      return { a: matMul(b, scaled, { transposeA: true }), b: matMul(scaled, a, { transposeB: true }) };
    });
  }
}

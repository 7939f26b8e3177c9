import { elementCount, type ParameterSpec } from './parameters.js';

/** Shapes of the two matrices whose product B times A changes a weight. */
export interface LowRankShapes {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}

/**
 * The matrices of a weight's change of that rank (LoRA, arXiv 2106.09685; for convolutions as loralib's ConvLoRA has it).
 *
 * A is [rank * k, inputs * k] and B [outputs * k, rank * k] for a kernel of k x k; all k are 1 for a linear layer. A
 * depthwise convolution has its channels as inputs, and one output. Of a kernel that is not square, B's rows count its
 * height, A's columns its width, and the rank its shorter side.
 *
 * @param weight Not a vector.
 */
export function lowRankShapes({ kind, shape }: Pick<ParameterSpec, 'kind' | 'shape'>, rank: number): LowRankShapes {
  const [outputs = 0, inputs = 0, height = 1, width = 1] = shape;
  const [rowCount, columnCount] = kind === 'depthwise' ? [1, outputs] : [outputs, inputs];
  const inner = rank * Math.min(height, width);
  return { a: [inner, columnCount * width], b: [rowCount * height, inner] };
}

/**
 * Whether a change of that rank has fewer numbers than the weight.
 *
 * It then has less than full rank, too: matrices of full rank have n (rows + columns) numbers for the shorter side n, which is
 * more than rows times columns. A depthwise filter of k x k is never changed, since its matrix has k rows, and a rank of k.
 *
 * @param weight Not a vector.
 */
export function isLowRank(weight: Pick<ParameterSpec, 'kind' | 'shape'>, rank: number): boolean {
  return lowRankCount(weight, rank) < elementCount(weight.shape);
}

/** How many numbers the matrices of a weight's change have. */
export function lowRankCount(weight: Pick<ParameterSpec, 'kind' | 'shape'>, rank: number): number {
  const { a, b } = lowRankShapes(weight, rank);
  return elementCount(a) + elementCount(b);
}

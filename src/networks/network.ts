import type { Layer } from './layers.js';

/** Consecutive layers that freeze together. */
export interface BlockDefinition {
  readonly id: string;
  readonly displayName: string;
  readonly layers: readonly Layer[];
}

/**
 * An image classifier, cut into the blocks that a search decides about.
 *
 * Pixel normalisation is no part of it: it belongs to a set of weights, and two sets for one architecture differ in it.
 */
export interface NetworkDefinition {
  readonly architecture: string;
  /** Smallest side of a square input. */
  readonly inputSizePxMin: number;
  /** Input side first; the last block holds the classifier, as one of its top-level layers. */
  readonly blocks: readonly BlockDefinition[];
}

/**
 * Cuts the last block's layers before the classifier.
 *
 * @returns `features`: layers up to it, without it; `head`: the classifier and whatever follows.
 */
export function splitAtClassifier(network: NetworkDefinition): {
  readonly features: readonly Layer[];
  readonly head: readonly Layer[];
} {
  const layers = network.blocks.at(-1)?.layers ?? [];
  const position = layers.findIndex(({ type }) => type === 'classifier');
  if (position < 0) throw new Error(`the last block of ${network.architecture} has no classifier`);
  return { features: layers.slice(0, position), head: layers.slice(position) };
}

import type { Layer } from '../networks/layers.js';
import type { ImageShape } from './image-shape.js';
import { layerCost } from './layer-cost.js';

/** What a part of a network costs, in multiply-accumulates per image: integers. */
export interface PartCost {
  /** F of its layers. */
  readonly forward: number;
  /**
   * f, at most `forward`: of its layers whose input's gradient nobody needs while no part before learns. These are the
   * first on every way from the part's input, of which a residual or a concatenation has several. A BatchNorm before such
   * a layer learns with the part, and needs that gradient: so f is 0 for a part that starts with one, as DenseNet's do.
   */
  readonly firstLayer: number;
  /** What of `forward` is each weight's, by its name. The gradient of the weight costs as much. */
  readonly ofWeights: ReadonlyMap<string, number>;
}

/**
 * Counts what each part of a network costs.
 *
 * @param parts Spans of layers that follow each other from the input: blocks, or pieces of them.
 * @param sizePx Side of the square image, in three channels, that the first part takes.
 * @throws {RangeError} when the image is too small for a layer.
 */
export function forwardCosts(parts: readonly (readonly Layer[])[], sizePx: number, classCount: number): PartCost[] {
  let image: ImageShape = { height: sizePx, width: sizePx, channels: 3 };
  return parts.map((layers) => {
    const ofWeights = new Map<string, number>();
    const { image: output, forward, firstLayer } = through(layers, startOf(image), { classCount, ofWeights });
    image = output;
    return { forward, firstLayer, ofWeights };
  });
}

/** Where a walk through layers is, and what it has counted. */
interface Walk extends Pick<PartCost, 'forward' | 'firstLayer'> {
  readonly image: ImageShape;
  /** Whether nothing that learns lies between the part's input and here. */
  readonly isAtInput: boolean;
}

/** What is the same for a whole part. */
interface Part {
  readonly classCount: number;
  /** Takes up what each weight costs. */
  readonly ofWeights: Map<string, number>;
}

const startOf = (image: ImageShape, isAtInput = true): Walk => ({ image, isAtInput, forward: 0, firstLayer: 0 });

function through(layers: readonly Layer[], start: Walk, part: Part): Walk {
  return layers.reduce((walk, layer) => throughLayer(layer, walk, part), start);
}

function throughLayer(layer: Layer, walk: Walk, part: Part): Walk {
  switch (layer.type) {
    case 'residual':
      return throughBranches([layer.branch, layer.shortcut], walk, part).sum;
    case 'concat': {
      const { sum, ends } = throughBranches(layer.branches, walk, part);
      return { ...sum, image: { ...sum.image, channels: total(ends.map(({ image }) => image.channels)) } };
    }
    case 'idle':
      return walk;
    default: {
      const { output, cost } = layerCost(layer, walk.image, part.classCount);
      if (cost > 0 && 'name' in layer) part.ofWeights.set(`${layer.name}.weight`, cost);
      return {
        image: output,
        forward: walk.forward + cost,
        firstLayer: walk.firstLayer + (walk.isAtInput ? cost : 0),
        isAtInput: walk.isAtInput && !('name' in layer),
      };
    }
  }
}

/** @returns `sum`: what the branches cost together, with the first one's image; `ends`: each alone. */
function throughBranches(branches: readonly (readonly Layer[])[], walk: Walk, part: Part) {
  const start = startOf(walk.image, walk.isAtInput);
  const ends = branches.map((layers) => through(layers, start, part));
  const sum = {
    image: ends[0]?.image ?? walk.image,
    forward: walk.forward + total(ends.map(({ forward }) => forward)),
    firstLayer: walk.firstLayer + total(ends.map(({ firstLayer }) => firstLayer)),
    isAtInput: ends.every(({ isAtInput }) => isAtInput),
  };
  return { sum, ends };
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

import { describe, expect, it } from 'vitest';
import { measuredCosts, type MeasuredCosts } from '../../test/fixtures/measured-costs.js';
import type { Layer } from '../networks/layers.js';
import { splitAtClassifier } from '../networks/network.js';
import { NETWORKS } from '../networks/registry.js';
import { randomStream } from '../random/random-stream.js';
import { forwardCosts, type PartCost } from './forward-costs.js';
import { imageCosts } from './image-costs.js';

const CLASS_COUNT = 5;

/** Multiply-accumulates of one training image, counted as a graph of gradients that are needed is walked. */
interface Tally {
  forward: number;
  inputGradients: number;
  weightGradients: number;
}

/**
 * Walks layers by autograd's rule: a value needs a gradient if something that learns lies before it.
 *
 * @returns whether the output needs a gradient.
 */
function walk(
  layers: readonly Layer[],
  needs: boolean,
  isTrained: boolean,
  costs: MeasuredCosts,
  tally: Tally,
): boolean {
  return layers.reduce((needed, layer) => {
    switch (layer.type) {
      case 'residual':
      case 'concat': {
        const branches = layer.type === 'residual' ? [layer.branch, layer.shortcut] : layer.branches;
        return branches.map((branch) => walk(branch, needed, isTrained, costs, tally)).includes(true);
      }
      case 'idle':
        return needed;
      default: {
        if (!('name' in layer)) return needed;
        const cost = layer.type === 'batchNorm' ? 0 : (costs.get(layer.name) ?? NaN);
        tally.forward += cost;
        if (needed) tally.inputGradients += cost;
        if (isTrained) tally.weightGradients += cost;
        return needed || isTrained;
      }
    }
  }, needs);
}

function tallyOf(parts: readonly (readonly Layer[])[], mask: readonly boolean[], costs: MeasuredCosts): Tally {
  const tally = { forward: 0, inputGradients: 0, weightGradients: 0 };
  parts.reduce((needs, layers, index) => {
    const isTrained = mask[index] ?? false;
    // The engine's backward pass goes down to the first trained part, also where nothing in it runs (Inception's AuxLogits).
    return walk(layers, needs, isTrained, costs, tally) || isTrained;
  }, false);
  return tally;
}

const inTraining = (costs: readonly PartCost[], mask: readonly boolean[]) =>
  costs.map((cost, index) => ({ cost, isTrained: mask[index] ?? false }));

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe.each(NETWORKS.map((network) => [network.architecture, network] as const))(
  'a training image of %s',
  (_, network) => {
    const { features, head } = splitAtClassifier(network);
    /** Blocks, the last one cut before its classifier. */
    const parts = [...network.blocks.slice(0, -1).map(({ layers }) => layers), features, head];
    const sizePx = network.inputSizePxMin + 1;
    const measured = measuredCosts(parts.flat(), sizePx, CLASS_COUNT);
    const costs = forwardCosts(parts, sizePx, CLASS_COUNT);

    it('costs all gradients that somebody needs, for random masks', () => {
      const draw = randomStream(`masks/${network.architecture}`);
      const masks = Array.from({ length: 50 }, () => parts.map(() => draw() < 0.3)).filter((mask) =>
        mask.includes(true),
      );
      for (const mask of masks) {
        const { forward, inputGradients, weightGradients } = tallyOf(parts, mask, measured);
        const expected = forward + inputGradients + weightGradients;
        const prefix = sum(costs.slice(0, mask.indexOf(true)).map((cost) => cost.forward));
        const trained = inTraining(costs, mask);
        expect(imageCosts(trained, false), mask.join()).toEqual({ training: expected, validation: forward, prefix: 0 });
        expect(imageCosts(trained, true), mask.join()).toEqual({
          training: expected - prefix,
          validation: forward - prefix,
          prefix,
        });
      }
      expect(masks.length).toBeGreaterThan(40);
    });

    it('costs every gradient but that of the image when nothing is saved', () => {
      const all = parts.map(() => true);
      const { forward, inputGradients, weightGradients } = tallyOf(parts, all, measured);
      const published = 3 * sum(costs.map((cost) => cost.forward)) - (costs[0]?.firstLayer ?? 0);
      expect(published).toBe(forward + inputGradients + weightGradients);
      expect(imageCosts(inTraining(costs, all), false).training).toBe(published);
    });
  },
);

it('has no cost when no part is trained', () => {
  const parts = inTraining([{ forward: 10, firstLayer: 2, ofWeights: new Map() }], [false]);
  for (const isPrefixCached of [false, true]) {
    expect(() => imageCosts(parts, isPrefixCached)).toThrow(new RangeError('none of 1 parts is trained'));
  }
});

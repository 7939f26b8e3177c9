import { beforeAll, describe, expect, it, vi } from 'vitest';
import { tinyNetwork } from '../../test/fixtures/tiny-network.js';
import { differingTensors, leftovers, tinyTraining, train } from '../../test/fixtures/training.js';
import type { HostTensor } from '../formats/safetensors.js';
import type { Weights } from '../networks/weights.js';
import { greedySoup, type SoupHooks, type SoupOptions } from './greedy-soup.js';
import { ownParts } from './loop/prepare-training.js';
import { evaluate } from './metrics/evaluate.js';
import { WeightSum } from './model/weight-sum.js';

const { network, classCount, normalization, validation } = tinyTraining;
const BY_LOSS = { fitness: 'LOSS', lossWeight: 0 } as const;
const BATCH_SIZE = 8;

function soupOf(members: readonly Weights[], changes: Partial<SoupOptions> = {}, hooks: SoupHooks = {}) {
  const readers = members.map((member) => () => Promise.resolve(member));
  const options = { network, classCount, normalization, validation, objective: BY_LOSS, ...changes };
  return greedySoup(
    { batchSize: BATCH_SIZE, ...options, members: readers as unknown as SoupOptions['members'] },
    hooks,
  );
}

function meanOf(first: Weights, ...others: readonly Weights[]): Weights {
  const sum = new WeightSum(first);
  for (const member of others) sum.add(member);
  return sum.mean();
}

type Change = (value: number, index: number) => number;

/** The weights with another classifier. */
const withHead = (weights: Weights, change: Change): Weights =>
  new Map(
    Array.from(weights, ([name, tensor]): [string, HostTensor] => [
      name,
      name.startsWith('fc.') ? { ...tensor, data: tensor.data.map(change) } : tensor,
    ]),
  );

/** Options by which every member joins: the first recognises none of the images, so that no figure is lower. */
async function takingAll(first: Weights): Promise<Partial<SoupOptions>> {
  const { predictions } = await evaluated(first);
  const labels = Int32Array.from(predictions, (prediction) => (prediction + 1) % classCount);
  return { validation: { ...validation, labels }, objective: { fitness: 'ACCURACY', lossWeight: 0 } };
}

const evaluated = (weights: Weights) =>
  evaluate({ network, weights, classCount, normalization, images: validation, batchSize: BATCH_SIZE });

/** Models that were trained from one head. */
async function trained(lrMultipliers: readonly number[], seed: number): Promise<Weights> {
  return (await train({ lrMultipliers, seed, headSeed: 5, headInit: 'PROBE' })).weights;
}

describe('a greedy soup', () => {
  let [first, second, third]: Weights[] = [];
  const members = (): Weights[] => [first, second, third].map((member) => member ?? new Map());

  beforeAll(async () => {
    first = await trained([1, 1, 1], 1);
    second = await trained([0, 1, 1], 2);
    third = await trained([0, 0, 1], 3);
  });

  it('of two equal models is that model to the bit, its running statistics included', async () => {
    const [model = new Map()] = members();
    const { weights, tries, imageCount } = await soupOf([model, model]);
    expect(differingTensors(weights, model)).toEqual([]);
    const figure = -(await evaluated(model)).loss;
    expect(tries).toEqual([{ memberIndex: 1, figureBefore: figure, figureAfter: figure, hasJoined: true }]);
    // Two looks at 21 validation images.
    expect(imageCount).toBe(42);
  });

  it('refuses a member that makes it worse, which leaves no trace', async () => {
    const [model = new Map(), other = new Map()] = members();
    const bad = withHead(model, (_, index) => 20 * Math.cos(index));
    const { weights, tries } = await soupOf([model, bad, other]);
    expect(tries.map(({ hasJoined }) => hasJoined)).toEqual([false, tries[1]?.hasJoined]);
    expect(tries[0]?.figureAfter).toBeLessThan(tries[0]?.figureBefore ?? NaN);
    expect(tries[1]?.figureBefore).toBe(tries[0]?.figureBefore);
    const without = await soupOf([model, other]);
    expect(differingTensors(weights, without.weights)).toEqual([]);
    expect(tries[1]).toEqual({ ...without.tries[0], memberIndex: 2 });
  });

  it('takes a member that makes it better', async () => {
    const [model = new Map()] = members();
    const away = (sign: number) => withHead(model, (value, index) => value + sign * Math.cos(index));
    const { weights, tries, validation: found } = await soupOf([away(1), away(-1)]);
    expect(tries).toMatchObject([{ hasJoined: true, figureAfter: -found.validationLoss }]);
    expect(found.validationLoss).toBeLessThan(-(tries[0]?.figureBefore ?? NaN));
    expect(differingTensors(weights, meanOf(away(1), away(-1)))).toEqual([]);
  });

  it('goes by the objective: what one refuses, another takes', async () => {
    const [model = new Map()] = members();
    // Half as large logits: less sure of the same classes.
    const unsure = withHead(model, (value) => -0.5 * value);
    const joins = async (objective: SoupOptions['objective']) =>
      (await soupOf([model, unsure], { objective })).tries.map(({ hasJoined }) => hasJoined);
    expect(await joins({ fitness: 'ACCURACY', lossWeight: 0 })).toEqual([true]);
    expect(await joins({ fitness: 'ACCURACY', lossWeight: 0.1 })).toEqual([false]);
  });

  it('averages running statistics too, in the order of the first member', async () => {
    const [a = new Map(), b = new Map(), c = new Map()] = members();
    const { weights } = await soupOf([a, b, c], await takingAll(a));
    expect(differingTensors(weights, meanOf(a, b, c))).toEqual([]);
    expect(differingTensors(weights, a)).toContain('norm.running_mean');
    expect([...weights.keys()]).toEqual([...a.keys()]);
  });

  it('takes merged weights of low-rank members', async () => {
    const technique = { type: 'LORA', rank: 2, alpha: 4 } as const;
    const lowRank = async (seed: number) => (await train({ technique, seed, headSeed: 5 })).weights;
    const [a, b] = [await lowRank(1), await lowRank(2)];
    const { weights } = await soupOf([a, b], await takingAll(a));
    expect(differingTensors(weights, meanOf(a, b))).toEqual([]);
    expect(differingTensors(weights, a)).toContain('expand.weight');
  });

  it('reports figures and predictions of the weights that it returns', async () => {
    const { weights, validation: found, predictions } = await soupOf(members());
    const { loss, accuracy, macroF1, predictions: expected } = await evaluated(weights);
    expect(found).toMatchObject({ validationLoss: loss, validationAccuracy: accuracy, validationMacroF1: macroF1 });
    expect(predictions).toEqual(expected);
  });

  it('is the same bits each time, alone or with shared parts, and leaves nothing behind', async () => {
    const before = leftovers();
    const alone = await soupOf(members());
    const { dispose, ...shared } = ownParts();
    const sharing = await soupOf(members(), {}, { shared });
    expect(differingTensors(sharing.weights, alone.weights)).toEqual([]);
    expect(sharing.tries).toEqual(alone.tries);
    dispose();
    expect(leftovers()).toEqual(before);
  });

  it('reads each member once, when the one before it has been tried', async () => {
    const told: string[] = [];
    const [a, ...others] = members().map((member, index) =>
      vi.fn(() => {
        told.push(`read ${index}`);
        return Promise.resolve(member);
      }),
    );
    if (a === undefined) throw new Error('no member');
    const options = { network, classCount, normalization, validation, objective: BY_LOSS };
    await greedySoup(
      { ...options, batchSize: BATCH_SIZE, members: [a, ...others] },
      { onTry: ({ memberIndex }) => told.push(`tried ${memberIndex}`) },
    );
    expect(told).toEqual(['read 0', 'read 1', 'tried 1', 'read 2', 'tried 2']);
  });

  it('refuses a mean whose loss is not a number', async () => {
    const [model = new Map()] = members();
    const { weights, tries } = await soupOf([model, withHead(model, () => Infinity)]);
    expect(tries).toMatchObject([{ memberIndex: 1, hasJoined: false }]);
    expect(tries[0]).not.toHaveProperty('figureAfter');
    expect(differingTensors(weights, model)).toEqual([]);
  });

  it.each<[string, (model: Weights) => Weights[], object]>([
    ['a first member without a loss', (model) => [withHead(model, () => NaN), model], { reason: 'NAN_LOSS' }],
    [
      'a member that is another network',
      (model) => [model, new Map([...model].slice(1))],
      { reason: 'WEIGHTS_INVALID', metadata: { tensor: 'stem.weight' } },
    ],
  ])('refuses %s, and leaves nothing behind', async (_, pick, error) => {
    const before = leftovers();
    await expect(soupOf(pick(members()[0] ?? new Map()))).rejects.toMatchObject(error);
    expect(leftovers()).toEqual(before);
  });

  it('refuses images that the network cannot take', async () => {
    const tooSmall = { ...validation, sizePx: tinyNetwork.inputSizePxMin - 1 };
    await expect(soupOf(members(), { validation: tooSmall })).rejects.toMatchObject({ reason: 'INPUT_TOO_SMALL' });
  });
});

import { describe, expect, it } from 'vitest';
import { partlyNormalizedTinyNetwork, plainTinyNetwork, tinyWeights } from '../../test/fixtures/tiny-network.js';
import { tinyTraining, train } from '../../test/fixtures/training.js';
import { trainingProtocolSchema } from '../domain/job/training-protocol.js';
import { fixedMultipliers, listedCandidates, protocolOf, techniqueOf } from '../methods/apply-method.js';
import { biotune } from '../methods/definitions/biotune.js';
import { randomSearch } from '../methods/definitions/random-search.js';
import type { MethodCandidate, TrainedDefinition } from '../methods/method-definition.js';
import { METHOD_TABLE, methodSettingsSchema } from '../methods/method-table.js';
import type { HeadInit } from '../methods/stage.js';
import type { NetworkDefinition } from '../networks/network.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { mean } from '../statistics/mean.js';
import { multiplyAccumulatesOf } from '../worker/trainer/training-meter.js';
import { estimateParameters } from './parameter-estimate.js';
import { estimateTraining, networkCosts, type SearchedCandidate } from './training-estimate.js';

const { classCount, train: images, validation } = tinyTraining;
const imageCounts = { train: images.labels.length, validation: validation.labels.length };
// 27 images in batches of 13 are 13 and 14: the two batches hold one image more than twice a batch.
const methods = methodSettingsSchema.parse({ autoRgn: { batchCount: 2 } });
const BATCH_SIZE = 13;
const EPOCH_COUNT = 2;

interface Setting {
  readonly network?: NetworkDefinition;
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  readonly headInit?: HeadInit;
  readonly isAugmented?: boolean;
}

/** What is said of a training that runs all its epochs. */
async function measured(method: TrainedDefinition, candidate: SearchedCandidate, setting: Setting) {
  const { network = tinyTraining.network } = setting;
  const zeros = parameterSpecs(network, classCount).map(({ name, shape }) => {
    const data = new Float32Array(elementCount(shape)).fill(0.1);
    return [name, { dtype: 'F32', shape, data }] as const;
  });
  const { augmentation, ...protocol } = protocolOf(method, jobProtocol(setting));
  const technique = techniqueOf(method, methods, candidate.settings);
  const { stages, trainedParameterCount, totalParameterCount } = await train({
    network,
    pretrained: setting.network === undefined ? tinyWeights() : new Map(zeros),
    technique,
    lrMultipliers: candidate.lrMultipliers,
    ...(candidate.normBlocks !== undefined && { normBlocks: candidate.normBlocks }),
    ...protocol,
    train: { ...images, isAugmented: augmentation !== 'NONE' },
    batchSize: BATCH_SIZE,
    epochCount: EPOCH_COUNT,
    patienceEpochs: EPOCH_COUNT,
  });
  const training = { imageSizePx: images.sizePx, classCount, technique };
  const multiplyAccumulates = multiplyAccumulatesOf(stages, training, imageCounts);
  return { multiplyAccumulates, trainedParameterCount, totalParameterCount };
}

/** What a job says of its trainings. */
const jobProtocol = ({ frozenBatchNorm, headInit = 'RANDOM', isAugmented = false }: Setting) =>
  ({ frozenBatchNorm, headInit, augmentation: isAugmented ? 'LIGHT' : 'NONE' }) as const;

function estimated(method: TrainedDefinition, setting: Setting, searched?: readonly SearchedCandidate[]) {
  const { network = tinyTraining.network } = setting;
  const { augmentation, ...protocol } = jobProtocol(setting);
  const epochs = { epochCount: EPOCH_COUNT, patienceEpochs: EPOCH_COUNT, cosineEpochCount: EPOCH_COUNT };
  const training = trainingProtocolSchema.parse({ ...epochs, batchSize: BATCH_SIZE, ...protocol });
  const data = { searchFraction: 1, imageSizePx: images.sizePx, augmentation } as const;
  const costs = networkCosts(network, images.sizePx, classCount);
  const rules = network.blocks.map(() => ({ policy: 'FREE' as const }));
  const job = { spec: { training, data, methods }, costs, rules, searched };
  const { multiplyAccumulates } = estimateTraining(method, job, imageCounts);
  return { multiplyAccumulates, ...estimateParameters(method, network, classCount, job) };
}

/** A candidate, and how often a search comes to it. */
type Candidate = MethodCandidate & { readonly chance: number };

const FIXED = METHOD_TABLE.filter((method) => method.kind === 'FIXED');
const LISTS = METHOD_TABLE.filter((method) => method.kind === 'LIST');

describe.each<[string, Setting]>([
  ['frozen BatchNorm on stored statistics', { frozenBatchNorm: 'EVAL' }],
  ['frozen BatchNorm on batch statistics', { frozenBatchNorm: 'TRAIN' }],
  ['a head that is trained before', { frozenBatchNorm: 'EVAL', headInit: 'PROBE' }],
  ['images that vary', { frozenBatchNorm: 'EVAL', isAugmented: true }],
  ['a network without BatchNorm', { frozenBatchNorm: 'TRAIN', network: plainTinyNetwork }],
  ['BatchNorm behind the first block alone', { frozenBatchNorm: 'TRAIN', network: partlyNormalizedTinyNetwork }],
])('with %s, the estimate is what the meter then says', (_, setting) => {
  const { blocks } = setting.network ?? tinyTraining.network;

  /** Expects the estimate to be the mean over trainings, each with its chance. */
  async function expectMean(method: TrainedDefinition, candidates: readonly Candidate[]) {
    const found = await Promise.all(candidates.map((candidate) => measured(method, candidate, setting)));
    const estimate = estimated(method, setting);
    for (const figure of ['multiplyAccumulates', 'trainedParameterCount'] as const) {
      const expected = found.reduce(
        (sum, training, index) => sum + training[figure] * (candidates[index]?.chance ?? 0),
        0,
      );
      expect(estimate[figure]).toBeCloseTo(expected, 3);
    }
  }

  it.each(FIXED)('of $id', async (method) => {
    const lrMultipliers = fixedMultipliers(method, blocks.length, methods);
    const found = await measured(method, { lrMultipliers }, setting);
    expect(estimated(method, setting)).toEqual(found);
  });

  it.each(LISTS)('of $id, as a mean over its candidates', async (method) => {
    const listed = listedCandidates(method, { blockCount: blocks.length, baseLearningRate: 1e-3 }, methods);
    await expectMean(
      method,
      listed.map((candidate) => ({ ...candidate, chance: 1 / listed.length })),
    );
  });

  it('of a search whose candidates are known, as a mean over these', async () => {
    const masks = [1, 6, 3].map((bits) => blocks.map((_, block) => (bits >> block) & 1));
    const candidates = masks.map((lrMultipliers, index) => ({ lrMultipliers, normBlocks: index === 2 ? [0] : [] }));
    const found = await Promise.all(candidates.map((candidate) => measured(biotune, candidate, setting)));
    const estimate = estimated(biotune, setting, candidates);
    for (const figure of ['multiplyAccumulates', 'trainedParameterCount'] as const) {
      expect(estimate[figure]).toBeCloseTo(mean(found.map((training) => training[figure])), 3);
    }
  });

  it('of RANDOM_SEARCH, as a mean over its genomes', async () => {
    // One of three blocks trains with chance 1/12, for each; two with 1/12; all with 1/4; and none is drawn again.
    const masks = [1, 2, 3, 4, 5, 6, 7].map((bits) => blocks.map((_, block) => (bits >> block) & 1));
    await expectMean(
      randomSearch,
      masks.map((lrMultipliers) => ({ lrMultipliers, chance: (lrMultipliers.includes(0) ? 1 / 12 : 1 / 4) / (3 / 4) })),
    );
  });
});

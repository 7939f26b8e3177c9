import { describe, expect, it } from 'vitest';
import { plainTinyNetwork, tinyWeights } from '../../test/fixtures/tiny-network.js';
import { tinyTraining, train } from '../../test/fixtures/training.js';
import { trainingProtocolSchema } from '../domain/training-protocol.js';
import { isSearching, METHODS, type Method, methodSettingsSchema } from '../domain/method.js';
import type { NetworkDefinition } from '../networks/network.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { suffixGridCandidates } from '../search/candidate-lists.js';
import { metered } from '../worker/trainer/training-meter.js';
import { fixedMultipliers, techniqueOf } from '../jobs/methods.js';
import { estimateParameters } from './parameter-estimate.js';
import { estimateTraining, networkCosts } from './training-estimate.js';

const { classCount, train: images, validation } = tinyTraining;
const imageCounts = { train: images.labels.length, validation: validation.labels.length };
const methods = methodSettingsSchema.parse({});
const EPOCH_COUNT = 2;

interface Setting {
  readonly network?: NetworkDefinition;
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  readonly isAugmented?: boolean;
}

/** What is said of a training that runs all its epochs. */
async function measured(method: Method, lrMultipliers: readonly number[], setting: Setting) {
  const { network = tinyTraining.network, isAugmented = false } = setting;
  const zeros = parameterSpecs(network, classCount).map(({ name, shape }) => {
    const data = new Float32Array(elementCount(shape)).fill(0.1);
    return [name, { dtype: 'F32', shape, data }] as const;
  });
  // As a job's trainings are told.
  const isProbe = method === 'LINEAR_PROBE';
  const { stages, trainedParameterCount, totalParameterCount } = await train({
    network,
    pretrained: setting.network === undefined ? tinyWeights() : new Map(zeros),
    technique: techniqueOf(method, methods),
    lrMultipliers,
    frozenBatchNorm: isProbe ? 'EVAL' : setting.frozenBatchNorm,
    train: { ...images, isAugmented: isAugmented && !isProbe },
    epochCount: EPOCH_COUNT,
    patienceEpochs: EPOCH_COUNT,
  });
  const multiplyAccumulates = metered(stages, { imageSizePx: images.sizePx, classCount }, imageCounts);
  return { multiplyAccumulates, trainedParameterCount, totalParameterCount };
}

function estimated(method: Method, setting: Setting) {
  const { network = tinyTraining.network, frozenBatchNorm, isAugmented = false } = setting;
  const training = trainingProtocolSchema.parse({ epochCount: EPOCH_COUNT, batchSize: 8, frozenBatchNorm });
  const data = { searchFraction: 1, imageSizePx: images.sizePx, augmentation: isAugmented ? 'LIGHT' : 'NONE' } as const;
  const costs = networkCosts(network, images.sizePx, classCount);
  const rules = network.blocks.map(() => ({ policy: 'FREE' as const }));
  const { multiplyAccumulates } = estimateTraining(
    method,
    { spec: { training, data, methods }, costs, rules },
    imageCounts,
  );
  return { multiplyAccumulates, ...estimateParameters(method, network, classCount, { methods, rules }) };
}

describe.each<[string, Setting]>([
  ['frozen BatchNorm on stored statistics', { frozenBatchNorm: 'EVAL' }],
  ['frozen BatchNorm on batch statistics', { frozenBatchNorm: 'TRAIN' }],
  ['images that vary', { frozenBatchNorm: 'EVAL', isAugmented: true }],
  ['a network without BatchNorm', { frozenBatchNorm: 'TRAIN', network: plainTinyNetwork }],
])('with %s, the estimate is what the meter then says', (_, setting) => {
  const { blocks } = setting.network ?? tinyTraining.network;

  it.each(METHODS.flatMap((method) => (isSearching(method) ? [] : [method])))('of %s', async (method) => {
    const found = await measured(method, fixedMultipliers(method, blocks.length, methods), setting);
    expect(estimated(method, setting)).toEqual(found);
  });

  it('of SUFFIX_GRID, as a mean over its candidates', async () => {
    const grid = suffixGridCandidates({ blockCount: blocks.length, rates: [1e-3], baseLearningRate: 1e-3 });
    const found = await Promise.all(grid.map(({ lrMultipliers }) => measured('SUFFIX_GRID', lrMultipliers, setting)));
    const meanOf = (figure: 'multiplyAccumulates' | 'trainedParameterCount') =>
      found.reduce((sum, training) => sum + training[figure], 0) / found.length;
    const { multiplyAccumulates, trainedParameterCount } = estimated('SUFFIX_GRID', setting);
    expect(multiplyAccumulates).toBeCloseTo(meanOf('multiplyAccumulates'), 3);
    expect(trainedParameterCount).toBeCloseTo(meanOf('trainedParameterCount'), 3);
  });
});

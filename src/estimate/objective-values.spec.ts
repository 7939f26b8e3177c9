import { expect, it } from 'vitest';
import { forwardCosts } from '../cost/forward-costs.js';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import { networkByArchitecture } from '../networks/registry.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { objectiveValuesOf } from './objective-values.js';

const architecture = 'efficientnet-lite0';
const network = networkByArchitecture(architecture);
const blockCount = network.blocks.length;

function valuesOf(objectives: readonly string[]) {
  const { search, data, methods } = createFineTuneJobSchema.parse({
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { biotune: { mode: 'ACCELERATED' }, objectives },
  });
  const spec = { search: { ...search, seed: 1 }, data: { ...data, imageSizePx: 96 }, methods };
  return objectiveValuesOf({ spec, baseModel: { architecture }, classCount: 3 });
}

const workAt = (sizePx: number) =>
  forwardCosts(
    network.blocks.map(({ layers }) => layers),
    sizePx,
    3,
  ).reduce((sum, { forward }) => sum + forward, 0);

it('the work of an image is that of the whole network at the image size of the candidate, or of the job', () => {
  const values = valuesOf(['INFERENCE_MULTIPLY_ACCUMULATES']);
  const lrMultipliers = network.blocks.map(() => 1);
  expect(values({ lrMultipliers })).toEqual({ inferenceMultiplyAccumulates: workAt(96) });
  expect(values({ lrMultipliers, settings: { imageSizePx: 64 } })).toEqual({
    inferenceMultiplyAccumulates: workAt(64),
  });
  expect(workAt(64)).toBeLessThan(workAt(96));
});

it('the parameters that learn are those of the blocks with a multiplier, or their norms and biases', () => {
  const values = valuesOf(['TRAINED_PARAMETERS']);
  const last = network.blocks.map((_, block) => (block === blockCount - 1 ? 0.3 : 0));
  const ofLast = parameterSpecs(network, 3)
    .filter(({ blockIndex, isBuffer }) => blockIndex === blockCount - 1 && !isBuffer)
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
  expect(values({ lrMultipliers: last })).toEqual({ trainedParameterCount: ofLast });
  const second = last.map((_, block) => (block === 1 ? 1 : 0));
  const vectors = parameterSpecs(network, 3).filter(
    ({ blockIndex, kind, isBuffer }) => blockIndex === 1 && kind === 'vector' && !isBuffer,
  );
  expect(values({ lrMultipliers: second, settings: { normTuning: { blocks: [1] } } })).toEqual({
    trainedParameterCount: vectors.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  const filters = parameterSpecs(network, 3).filter(({ blockIndex, kind }) => blockIndex === 1 && kind !== 'vector');
  expect(values({ lrMultipliers: second, settings: { usesGradientRates: true } })).toEqual({
    trainedParameterCount: filters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  expect(values({ lrMultipliers: last.map(() => 0) })).toEqual({ trainedParameterCount: 0 });
});

it('a candidate has no value of what is no objective', () => {
  expect(valuesOf([])({ lrMultipliers: network.blocks.map(() => 1) })).toEqual({});
});

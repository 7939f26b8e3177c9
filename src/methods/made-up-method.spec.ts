import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tinyNetwork } from '../../test/fixtures/tiny-network.js';
import { trainingProtocolSchema } from '../domain/job/training-protocol.js';
import { estimateParameters } from '../estimate/parameter-estimate.js';
import { estimateTraining, networkCosts } from '../estimate/training-estimate.js';
import { fixedMultipliers, listedCandidates, protocolOf, techniqueOf } from './apply-method.js';
import { cutOf } from './cut.js';
import { fullFineTune } from './definitions/full-fine-tune.js';
import type { ListScope, TrainedDefinition } from './method-definition.js';
import { METHOD_TABLE } from './method-table.js';
import { settingsSchemaOf } from './settings-schema.js';
import { stagesOf } from './stages.js';

const lastBlocksSettings = z.strictObject({ count: z.int().min(1).default(2) });

const lastBlocks = {
  id: 'LAST_BLOCKS',
  kind: 'FIXED',
  description: 'The last blocks, at the base learning rate.',
  settings: { name: 'lastBlocks', schema: lastBlocksSettings },
  multipliers: (blockCount: number, { count }: z.infer<typeof lastBlocksSettings>) =>
    Array.from({ length: blockCount }, (_, block) => (block < blockCount - count ? 0 : 1)),
} as const satisfies TrainedDefinition;

const eachBlockSettings = z.strictObject({ rate: z.number().gt(0).default(1e-2) });

const eachBlock = {
  id: 'EACH_BLOCK',
  kind: 'LIST',
  description: 'Each block alone, at one rate.',
  settings: { name: 'eachBlock', schema: eachBlockSettings },
  candidates: ({ blockCount, baseLearningRate }: ListScope, { rate }: z.infer<typeof eachBlockSettings>) =>
    Array.from({ length: blockCount }, (_, trained) => ({
      lrMultipliers: Array.from({ length: blockCount }, (__, block) =>
        block === trained ? rate / baseLearningRate : 0,
      ),
    })),
} as const satisfies TrainedDefinition;

const settingsSchema = settingsSchemaOf([...METHOD_TABLE, lastBlocks, eachBlock]);
const BATCH_NORM = { hasBatchNorm: [true, true, true], frozenBatchNorm: 'EVAL', imagesVary: false } as const;

describe('a method that is one definition', () => {
  it('has its settings beside those of the others', () => {
    const settings = settingsSchema.parse({ lastBlocks: { count: 1 } });
    expect(settings).toMatchObject({ lastBlocks: { count: 1 }, eachBlock: { rate: 1e-2 }, lora: { rank: 8 } });
    expect(settingsSchema.safeParse({ lastBlocks: { count: 0 } }).success).toBe(false);
  });

  it('has its candidates', () => {
    const settings = settingsSchema.parse({ eachBlock: { rate: 0.5 } });
    expect(fixedMultipliers(lastBlocks, 3, settings)).toEqual([0, 1, 1]);
    expect(listedCandidates(eachBlock, { blockCount: 2, baseLearningRate: 0.25 }, settings)).toEqual([
      { lrMultipliers: [2, 0] },
      { lrMultipliers: [0, 2] },
    ]);
  });

  it('is trained as blocks, with what is before them kept', () => {
    const settings = settingsSchema.parse({});
    const technique = techniqueOf(lastBlocks, settings);
    const lrMultipliers = fixedMultipliers(lastBlocks, 3, settings);
    const [stage, ...others] = stagesOf({ technique, lrMultipliers, epochCount: 4, headInit: 'RANDOM' });
    expect(others).toEqual([]);
    expect(stage).toEqual({ part: 'BLOCKS', lrMultipliers: [0, 1, 1], epochCount: 4, restartsSchedule: true });
    expect(cutOf({ part: 'BLOCKS', lrMultipliers }, BATCH_NORM)).toEqual({ prefixEnd: 1, isPrefixCached: true });
    const job = { headInit: 'RANDOM', frozenBatchNorm: 'TRAIN', augmentation: 'LIGHT' } as const;
    expect(protocolOf(lastBlocks, job)).toEqual(job);
  });
});

describe('the estimate of a made-up method', () => {
  const training = trainingProtocolSchema.parse({
    epochCount: 2,
    patienceEpochs: 2,
    cosineEpochCount: 2,
    batchSize: 8,
    frozenBatchNorm: 'EVAL',
    headInit: 'RANDOM',
  });
  const data = { searchFraction: 1, imageSizePx: 8, augmentation: 'NONE' } as const;
  const rules = tinyNetwork.blocks.map(() => ({ policy: 'FREE' as const }));
  const costs = networkCosts(tinyNetwork, 8, 3);
  const images = { train: 27, validation: 21 };
  const estimateOf = (method: TrainedDefinition, methods: object = {}) => {
    const setting = { spec: { training, data, methods: settingsSchema.parse(methods) }, costs, rules };
    return { ...estimateTraining(method, setting, images), ...estimateParameters(method, tinyNetwork, 3, setting) };
  };
  const [stem, middle, head] = [8 * 3 * 9 + 16, 8 * 9 + 16, 16 * 8 + 32 + (3 * 16 + 3)] as const;

  it('follows its settings', () => {
    const [one, two, all] = [1, 2, 3].map((count) => estimateOf(lastBlocks, { lastBlocks: { count } }));
    expect(one?.trainedParameterCount).toBe(head);
    expect(two?.trainedParameterCount).toBe(middle + head);
    expect(all).toEqual(estimateOf(fullFineTune));
    expect(one?.multiplyAccumulates).toBeLessThan(two?.multiplyAccumulates ?? 0);
    expect(two?.multiplyAccumulates).toBeLessThan(all?.multiplyAccumulates ?? 0);
  });

  it('is the mean over its list', () => {
    const { trainedParameterCount, epochCount } = estimateOf(eachBlock);
    expect(trainedParameterCount).toBeCloseTo((stem + middle + head) / 3, 9);
    expect(epochCount).toBe(2);
  });
});

import { describe, expect, it } from 'vitest';
import { fixedMultipliers, protocolOf, techniqueOf } from './apply-method.js';
import { fullFineTune } from './definitions/full-fine-tune.js';
import { layerDecay } from './definitions/layer-decay.js';
import { linearProbe } from './definitions/linear-probe.js';
import { lora } from './definitions/lora.js';
import { METHODS, methodOf, methodSettingsSchema } from './method-table.js';
import type { HeadInit } from './stage.js';

const settings = methodSettingsSchema.parse({ lora: { rank: 4 }, layerDecay: { decay: 0.5 } });

describe('techniqueOf', () => {
  const techniqueNamed = (method: (typeof METHODS)[number]) => techniqueOf(methodOf(method), settings);

  it('has the settings of the job', () => {
    expect(techniqueNamed('LORA')).toEqual({ type: 'LORA', rank: 4, alpha: 16 });
    expect(techniqueNamed('AUTO_RGN')).toEqual({ type: 'AUTO_RGN', batchCount: 5 });
    expect(techniqueNamed('L1_SP')).toEqual({ type: 'L1_SP', alpha: 0.001, beta: 0.01 });
  });

  it('is BLOCKS where a method has none of its own', () => {
    const ofItsOwn = METHODS.filter((method) => techniqueNamed(method).type === method);
    expect(ofItsOwn).toEqual(['LINEAR_PROBE', 'GRADUAL_UNFREEZING', 'AUTO_RGN', 'LORA', 'L2_SP', 'L1_SP']);
    const others = METHODS.filter((method) => !ofItsOwn.includes(method));
    expect(others.map(techniqueNamed)).toEqual(others.map(() => ({ type: 'BLOCKS' })));
  });
});

it('trains the last block alone in a probe, rates that fall to the input in a decay, and else all blocks alike', () => {
  expect(fixedMultipliers(linearProbe, 3, settings)).toEqual([0, 0, 1]);
  expect(fixedMultipliers(layerDecay, 3, settings)).toEqual([0.25, 0.5, 1]);
  expect(fixedMultipliers(lora, 3, settings)).toEqual([1, 1, 1]);
});

it('keeps BatchNorm and images of a linear probe as they are, so that its features are fixed', () => {
  const job = { headInit: 'RANDOM', frozenBatchNorm: 'TRAIN', augmentation: 'STANDARD' } as const;
  expect(protocolOf(linearProbe, job)).toEqual({ headInit: 'RANDOM', frozenBatchNorm: 'EVAL', augmentation: 'NONE' });
  expect(protocolOf(fullFineTune, job)).toEqual(job);
});

it('begins with the head that the job asks for, but where a method says what it is', () => {
  const headOf = (method: (typeof METHODS)[number], headInit: HeadInit) =>
    protocolOf(methodOf(method), { headInit, frozenBatchNorm: 'EVAL', augmentation: 'NONE' }).headInit;
  const always = (headInit: HeadInit, other: HeadInit) =>
    METHODS.filter((method) => headOf(method, other) === headInit);
  expect(always('RANDOM', 'PROBE')).toEqual(['FULL_FINE_TUNE', 'LINEAR_PROBE', 'GRADUAL_UNFREEZING', 'LORA']);
  expect(always('PROBE', 'RANDOM')).toEqual(['LP_FT', 'LP_BODY']);
});

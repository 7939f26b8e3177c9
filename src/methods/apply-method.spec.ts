import { describe, expect, it } from 'vitest';
import { fixedMultipliers, listedCandidates, protocolOf, techniqueOf } from './apply-method.js';
import { biotune } from './definitions/biotune.js';
import { fullFineTune } from './definitions/full-fine-tune.js';
import { l1Sp } from './definitions/l1-sp.js';
import { layerDecay } from './definitions/layer-decay.js';
import { linearProbe } from './definitions/linear-probe.js';
import { lora } from './definitions/lora.js';
import { METHODS, methodOf, methodSettingsSchema } from './method-table.js';
import type { HeadInit } from './stage.js';

const settings = methodSettingsSchema.parse({ lora: { rank: 4 }, layerDecay: { decay: 0.5 } });

describe('techniqueOf', () => {
  const techniqueNamed = (method: (typeof METHODS)[number]) => {
    const definition = methodOf(method);
    const scope = { blockCount: 2, baseLearningRate: 1e-3 };
    const [candidate] = definition.kind === 'LIST' ? listedCandidates(definition, scope, settings) : [];
    return techniqueOf(definition, settings, candidate?.settings);
  };

  it('has the settings of the job', () => {
    expect(techniqueNamed('LORA')).toEqual({ type: 'LORA', rank: 4, alpha: 16 });
    expect(techniqueNamed('AUTO_RGN')).toEqual({ type: 'AUTO_RGN', batchCount: 5 });
  });

  it("has what a candidate sets over the job's settings, and nothing that only makes the list", () => {
    const candidates = listedCandidates(l1Sp, { blockCount: 2, baseLearningRate: 1e-3 }, settings);
    expect(candidates.map(({ lrMultipliers }) => lrMultipliers)).toEqual([1, 2, 3, 4].map(() => [1, 1]));
    expect(candidates.map((candidate) => techniqueOf(l1Sp, settings, candidate.settings))).toEqual(
      [1, 0.1, 0.01, 0.001].map((alpha) => ({ type: 'L1_SP', alpha, beta: 0.01 })),
    );
    expect(() => techniqueOf(l1Sp, settings), 'no candidate').toThrow('alpha');
  });

  it('is that of AUTO_RGN, as the job has it, where a candidate takes its rates from gradients', () => {
    const all = methodSettingsSchema.parse({ autoRgn: { batchCount: 3 } });
    const candidate = { usesGradientRates: true };
    expect(techniqueOf(biotune, all, candidate)).toEqual({ type: 'AUTO_RGN', batchCount: 3 });
    expect(techniqueOf(biotune, all, { epochCount: 3 })).toEqual({ type: 'BLOCKS' });
  });

  it('is BLOCKS where a method has none of its own', () => {
    const ofItsOwn = METHODS.filter((method) => techniqueNamed(method).type === method);
    expect(ofItsOwn).toEqual(['LINEAR_PROBE', 'GRADUAL_UNFREEZING', 'AUTO_RGN', 'LORA', 'NORM_TUNE', 'L2_SP', 'L1_SP']);
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

import { describe, expect, it } from 'vitest';
import { RUNTIME } from '../../test/fixtures/runtime.js';
import type { SoupSpec, TaskResult, TaskSpec } from '../domain/task.js';
import { TASK_KINDS } from './task-kinds.js';

const blob = (digit: string) => ({ sha256: digit.repeat(64), sizeBytes: 1 });
const spec = (change: object): TaskSpec =>
  ({
    train: { network: { weights: blob('1') }, pack: { manifest: blob('2'), shards: [blob('3')] }, ...change },
  }) as never;
const result = (train: object): TaskResult => ({ train }) as never;

describe('a training', () => {
  it('may read the checkpoint that it goes on from, and no other', () => {
    const named = (change: object) => TASK_KINDS.TRAIN.reads(spec(change)).map(({ sha256 }) => sha256[0]);
    expect(named({})).toEqual(['1', '2', '3']);
    expect(named({ resumeFrom: blob('4') })).toEqual(['1', '2', '3', '4']);
  });

  it('refers to all that it has uploaded', () => {
    expect(TASK_KINDS.TRAIN.uploaded(result({}))).toEqual([]);
    expect(TASK_KINDS.TRAIN.uploaded(result({ checkpoint: blob('5') }))).toEqual([blob('5')]);
    const both = { weights: blob('6'), predictions: blob('7') };
    expect(TASK_KINDS.TRAIN.uploaded(result(both))).toEqual([blob('6'), blob('7')]);
  });

  it('asks for every upload that its spec asks to keep', () => {
    const countOf = (keepWeights: boolean, keepPredictions: boolean) =>
      TASK_KINDS.TRAIN.uploadCountMin(spec({ keepWeights, keepPredictions }));
    expect([countOf(false, false), countOf(false, true), countOf(true, false), countOf(true, true)]).toEqual([
      0, 1, 1, 2,
    ]);
  });
});

describe('the result of a training', () => {
  const misfit = (change: object, train: object) => TASK_KINDS.TRAIN.misfit(spec(change), result(train));
  const retraining = { stageEpochCounts: [1] };

  it('has figures of validation images, unless the training is of all images', () => {
    expect(misfit({}, { validationLoss: 0 })).toBeUndefined();
    expect(misfit({ retraining }, {})).toBeUndefined();
    expect(misfit({}, {})).toMatch('has no figures');
    expect(misfit({ retraining }, { validationLoss: 0 })).toMatch('leaves none to validate on');
  });
});

const BEST = blob('1');
const [SECOND, THIRD] = [blob('2'), blob('3')];
const [MANIFEST, TRAIN, VALIDATION] = [blob('a'), blob('b'), blob('c')];

const soup: SoupSpec = {
  network: { architecture: 'a', weights: BEST, mean: [0, 0, 0], std: [1, 1, 1], imageSizePx: 32, classCount: 2 },
  others: [SECOND, THIRD],
  pack: {
    manifest: MANIFEST,
    shards: [
      { ...TRAIN, split: 'train', imageCount: 1 },
      { ...VALIDATION, split: 'validation', imageCount: 1 },
    ],
  },
  fold: 0,
  foldCount: 1,
  objective: { fitness: 'ACCURACY', lossWeight: 0.1 },
  batchSize: 8,
};
const SOUP_RULES = TASK_KINDS.SOUP;

describe('a SOUP task', () => {
  it('may read all its members, and the images that its spec names', () => {
    const hashes = SOUP_RULES.reads({ soup }).map(({ sha256 }) => sha256);
    expect(hashes).toEqual([BEST, MANIFEST, TRAIN, VALIDATION, SECOND, THIRD].map(({ sha256 }) => sha256));
  });

  it('must upload the weights and the predictions that its result names', () => {
    expect(SOUP_RULES.uploadCountMin({ soup })).toBe(2);
    expect(SOUP_RULES.uploaded({ soup: { weights: THIRD, predictions: SECOND } } as TaskResult)).toEqual([
      THIRD,
      SECOND,
    ]);
  });

  it("is bound to its job's runtime, and fixes none", () => {
    expect(SOUP_RULES.boundTo({ soup }, RUNTIME)).toEqual({ soup: { ...soup, runtime: RUNTIME } });
    expect(SOUP_RULES.ranOn({ soup: { runtime: RUNTIME } } as TaskResult)).toBeUndefined();
  });
});

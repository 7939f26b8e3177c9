import { describe, expect, it } from 'vitest';
import type { TaskResult, TaskSpec } from '../domain/task.js';
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

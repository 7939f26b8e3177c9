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

  it('has uploaded its weights, its checkpoint, or neither', () => {
    expect(TASK_KINDS.TRAIN.uploaded(result({}))).toEqual([]);
    expect(TASK_KINDS.TRAIN.uploaded(result({ checkpoint: blob('5') }))).toEqual([blob('5')]);
    expect(TASK_KINDS.TRAIN.uploaded(result({ weights: blob('6') }))).toEqual([blob('6')]);
  });
});

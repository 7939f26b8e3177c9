import { describe, expect, it } from 'vitest';
import type { Technique } from './method-table.js';
import { type HeadInit, trainsNothing } from './stage.js';
import { stagesOf } from './stages.js';

const BLOCKS = { type: 'BLOCKS' } as const;
const GRADUAL = { type: 'GRADUAL_UNFREEZING' } as const;
const plan = (technique: Technique, lrMultipliers: number[], headInit: HeadInit = 'RANDOM') =>
  stagesOf({ technique, lrMultipliers, epochCount: 30, headInit }).map((stage) => [
    stage.part,
    stage.lrMultipliers,
    stage.epochCount,
    stage.restartsSchedule,
  ]);

describe('stagesOf', () => {
  it('trains blocks in one stage', () => expect(plan(BLOCKS, [0, 1, 2])).toEqual([['BLOCKS', [0, 1, 2], 30, true]]));
  it('trains a head at its full rate, then what the technique trains, also where that keeps the head', () => {
    expect(plan(BLOCKS, [1, 2, 0], 'PROBE')).toEqual([
      ['CLASSIFIER', [0, 0, 1], 30, true],
      ['BLOCKS', [1, 2, 0], 30, true],
    ]);
    const stages = stagesOf({ technique: BLOCKS, lrMultipliers: [1], epochCount: 2, headInit: 'PROBE' });
    expect(stages.map(({ isStart }) => isStart)).toEqual([true, undefined]);
  });
  it('unfreezes one block an epoch, and then trains all', () =>
    expect(plan(GRADUAL, [1, 2, 3])).toEqual([
      ['BLOCKS', [0, 0, 3], 1, false],
      ['BLOCKS', [0, 2, 3], 1, false],
      ['BLOCKS', [1, 2, 3], 30, true],
    ]));
  it('has no stage for a block that never learns', () =>
    expect(plan(GRADUAL, [0, 1, 0, 2, 0])).toEqual([
      ['BLOCKS', [0, 0, 0, 2, 0], 1, false],
      ['BLOCKS', [0, 1, 0, 2, 0], 30, true],
    ]));
  it('takes gradients over some batches once more for their rates', () => {
    const [stage] = stagesOf({
      technique: { type: 'AUTO_RGN', batchCount: 4 },
      lrMultipliers: [1],
      epochCount: 2,
      headInit: 'RANDOM',
    });
    expect(stage?.gradientPassBatchCount).toBe(4);
  });
  it('leaves BatchNorm frozen beside low-rank changes, and there alone', () => {
    const keeps = (technique: Technique) =>
      stagesOf({ technique, lrMultipliers: [1], epochCount: 2, headInit: 'RANDOM' }).map(
        (stage) => stage.keepsBatchNormFrozen,
      );
    expect(keeps({ type: 'LORA', rank: 1, alpha: 1 })).toEqual([true]);
    expect(keeps({ type: 'L2_SP', alpha: 1, beta: 1 })).toEqual([undefined]);
  });
});

it('trainsNothing asks a classifier stage for the last block alone', () => {
  const emptyOf = (technique: Technique, lrMultipliers: number[]) =>
    stagesOf({ technique, lrMultipliers, epochCount: 2, headInit: 'RANDOM' }).map(trainsNothing);
  expect(emptyOf({ type: 'LINEAR_PROBE' }, [1, 1, 0])).toEqual([true]);
  expect(emptyOf({ type: 'LINEAR_PROBE' }, [0, 0, 1])).toEqual([false]);
  expect(emptyOf(GRADUAL, [0, 0])).toEqual([true]);
});

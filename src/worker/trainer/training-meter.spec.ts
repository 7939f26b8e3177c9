import { describe, expect, it } from 'vitest';
import { tinyNetwork } from '../../../test/fixtures/tiny-network.js';
import type { TrainSpec } from '../../domain/task.js';
import type { StageRecord } from '../../training/loop/stage-record.js';
import { multiplyAccumulatesOf, stagesSince } from './training-meter.js';

/** At 8 px the convolutions give 4 x 4 pixels. */
const COSTS = { stem: 16 * 8 * 27, spatial: 16 * 8 * 9, expand: 16 * 16 * 8, fc: 3 * 16 };
const FORWARD = COSTS.stem + COSTS.spatial + COSTS.expand + COSTS.fc;

/** One training image, all blocks of the tiny network trained. */
function costOf(
  technique: TrainSpec['technique'],
  parts: StageRecord['parts'] = tinyNetwork.blocks.map(({ layers }) => ({ layers, isTrained: true })),
): number {
  const stage = { parts, isPrefixCached: false, epochCount: 1 };
  const training = { imageSizePx: 8, classCount: 3, technique };
  return multiplyAccumulatesOf([stage], training, { train: 1, validation: 0 });
}

const INPUT_GRADIENTS = FORWARD - COSTS.stem;

it('counts the gradients of all inputs but the first, and of all weights', () => {
  expect(costOf({ type: 'BLOCKS' })).toBe(FORWARD + INPUT_GRADIENTS + FORWARD);
});

it('counts of NORM_TUNE the gradients of all inputs but the first, and of the weights of the classifier alone', () => {
  expect(costOf({ type: 'NORM_TUNE' })).toBe(FORWARD + INPUT_GRADIENTS + COSTS.fc);
});

it('counts no gradient of the filters of a block whose norms and biases alone learn', () => {
  const parts = tinyNetwork.blocks.map(({ layers }, block) => ({
    layers,
    isTrained: true,
    learnsNormsOnly: block === 1,
  }));
  expect(costOf({ type: 'BLOCKS' }, parts)).toBe(FORWARD + INPUT_GRADIENTS + FORWARD - COSTS.spatial);
});

it('counts no gradient of weights that LORA leaves frozen', () => {
  const weightGradients = COSTS.stem + COSTS.expand + COSTS.fc;
  expect(costOf({ type: 'LORA', rank: 2, alpha: 1 })).toBe(FORWARD + INPUT_GRADIENTS + weightGradients);
});

describe('what a training did since a checkpoint', () => {
  const stage = (epochCount: number) => ({ parts: [], isPrefixCached: true, epochCount });
  const epochs = (count: number) => Array.from({ length: count }, () => ({})) as never[];

  it('is all of it without one', () => {
    expect(stagesSince([stage(4), stage(10)], undefined)).toEqual([stage(4), stage(10)]);
  });

  it('leaves out the stages that were done, and the epochs of the one that went on', () => {
    const checkpoint = { stages: [stage(4)], epochs: epochs(4 + 3) };
    expect(stagesSince([stage(4), stage(10)], checkpoint)).toEqual([stage(7)]);
  });

  it('has a stage whole that began after it', () => {
    const checkpoint = { stages: [], epochs: epochs(3) };
    expect(stagesSince([stage(4), stage(10)], checkpoint)).toEqual([stage(1), stage(10)]);
  });
});

import { expect, describe, it } from 'vitest';
import { differingTensors, leftovers, macroAccuraciesOf, numbersOf, train } from '../../../test/fixtures/training.js';
import type { FineTuneOptions } from '../fine-tune-options.js';

const LONG = { epochCount: 10, patienceEpochs: 10 };

describe.each<[string, Partial<FineTuneOptions>, number]>([
  ['from a drawn head', {}, 0],
  ['from a probed head', { headInit: 'PROBE', headSeed: 3, lrMultipliers: [0, 1, 0.3], warmupStepCount: 5 }, 10],
  ['over a frozen prefix', { lrMultipliers: [0, 0, 2], frozenBatchNorm: 'EVAL' }, 0],
])('a training %s', (_, changes, probeEpochCountMax) => {
  const options = { ...LONG, schedule: { type: 'COSINE', epochCount: 10 } as const, ...changes };

  it('that pauses after 3 epochs and is resumed equals one that did not pause, to the bit', async () => {
    const whole = await train(options);
    const before = leftovers();
    const paused = await train(options, { pauseAfterEpochCount: 3 });
    expect(paused.stages.at(-1)?.epochCount).toBe(3);
    expect(paused.epochs.length).toBeLessThanOrEqual(3 + probeEpochCountMax);
    const { checkpoint } = paused;
    if (checkpoint === undefined) throw new Error('it did not pause');
    const resumed = await train(options, { resumeFrom: checkpoint });
    expect(leftovers()).toEqual(before);
    expect(resumed.checkpoint).toBeUndefined();
    expect(resumed.epochs.map(numbersOf)).toEqual(whole.epochs.map(numbersOf));
    expect(resumed.best).toEqual(whole.best);
    expect(resumed.bestEpoch).toBe(whole.bestEpoch);
    expect(resumed.stages).toEqual(whole.stages);
    expect(differingTensors(resumed.weights, whole.weights)).toEqual([]);
  });
});

describe('a training', () => {
  it('pauses twice, and at once where its checkpoint stands there already', async () => {
    const whole = await train(LONG);
    const first = await train(LONG, { pauseAfterEpochCount: 3 });
    if (first.checkpoint === undefined) throw new Error('it did not pause');
    const again = await train(LONG, { pauseAfterEpochCount: 3, resumeFrom: first.checkpoint });
    expect(again.epochs).toEqual(first.epochs);
    if (again.checkpoint === undefined) throw new Error('it did not pause again');
    const second = await train(LONG, { pauseAfterEpochCount: 9, resumeFrom: again.checkpoint });
    expect(second.epochs).toHaveLength(9);
    if (second.checkpoint === undefined) throw new Error('it did not pause a second time');
    const ended = await train(LONG, { resumeFrom: second.checkpoint });
    expect(differingTensors(ended.weights, whole.weights)).toEqual([]);
  });

  it('gives the best epoch so far when it pauses', async () => {
    const { best, bestEpoch, epochs } = await train(LONG, { pauseAfterEpochCount: 3 });
    const found = Math.max(...macroAccuraciesOf(epochs));
    expect(best.validationMacroAccuracy).toBe(found);
    expect(epochs[bestEpoch - 1]?.validationMacroAccuracy).toBe(found);
  });

  it('has ended, and not paused, where early stopping or its last epoch came first', async () => {
    // Nothing moves, so the first epoch stays the best.
    const still = await train({ ...LONG, baseLearningRate: 1e-12, patienceEpochs: 2 }, { pauseAfterEpochCount: 3 });
    expect(still.epochs).toHaveLength(3);
    expect(still.checkpoint).toBeUndefined();
    expect((await train({ ...LONG, epochCount: 3 }, { pauseAfterEpochCount: 3 })).checkpoint).toBeUndefined();
  });
});

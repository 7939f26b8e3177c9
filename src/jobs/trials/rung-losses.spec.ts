import { describe, expect, it } from 'vitest';
import { RUNTIME } from '../../../test/fixtures/runtime.js';
import type { TrainResult } from '../../domain/task.js';
import { joinParts, type TrainingPart } from '../../storage/postgres/training-parts.js';
import { rungLosses, waitsAtRung } from './rung-losses.js';

const checkpoint = { sha256: 'c'.repeat(64), sizeBytes: 9 };

/** What a part of a training gave: it paused with a loss, ended by itself with one, or ended where it was to. */
const result = (
  change: Pick<TrainResult, 'lastValidationLoss' | 'checkpoint' | 'validationImageCount'>,
): TrainResult => ({
  bestEpoch: 2,
  stageBestEpochs: [2],
  epochCount: 3,
  validationLoss: 0.1,
  validationAccuracy: 0.9,
  validationMacroAccuracy: 0.9,
  validationMacroF1: 0.9,
  validationCalibrationError: 0.1,
  trainedParameterCount: 1,
  totalParameterCount: 2,
  trainSeconds: 5,
  multiplyAccumulates: 100,
  runtime: RUNTIME,
  ...change,
});
const part = (seed: number, train: TrainResult): TrainingPart => ({
  trialId: 't',
  seed,
  state: 'succeeded',
  result: { train },
});
const pausedAt = (lastValidationLoss: number) => result({ lastValidationLoss, checkpoint });
const endedAt = (lastValidationLoss: number) => result({ lastValidationLoss });
const running = (seed: number): TrainingPart => ({ trialId: 't', seed, state: 'leased' });

describe('a training in parts', () => {
  it('has the result of its latest part, at the cost of all', () => {
    const [joined] = joinParts([part(1, pausedAt(0.5)), part(1, pausedAt(0.4)), part(1, result({}))]);
    expect(joined?.losses).toEqual([0.5, 0.4]);
    expect(joined?.result).toEqual({
      train: { ...result({}), epochCount: 9, trainSeconds: 15, multiplyAccumulates: 300 },
    });
  });

  it('keeps what it has come to while its next part runs', () => {
    const [joined] = joinParts([part(1, pausedAt(0.5)), running(1)]);
    expect(joined).toMatchObject({ state: 'leased', losses: [0.5], result: { train: { epochCount: 3 } } });
  });

  it('is one training for each seed', () => {
    expect(joinParts([part(1, pausedAt(0.5)), running(1), part(2, pausedAt(0.5))])).toHaveLength(2);
  });
});

describe('the loss of a trial at a rung', () => {
  it('is the mean over its seeds, once all have come there', () => {
    expect(rungLosses(joinParts([part(1, pausedAt(0.5)), running(2)]))).toEqual([]);
    expect(rungLosses(joinParts([part(1, pausedAt(0.5)), part(2, pausedAt(0.7))]))).toEqual([0.6]);
  });

  it('is the mean over all images where each training has its own, at the end of one too', () => {
    const ofPart = (seed: number, validationImageCount: number, lastValidationLoss: number, hasPaused = true) =>
      part(seed, result({ lastValidationLoss, validationImageCount, ...(hasPaused && { checkpoint }) }));
    const trainings = [ofPart(1, 10, 0.5), ofPart(1, 10, 0.2), ofPart(2, 30, 0.9, false)];
    expect(rungLosses(joinParts(trainings))).toEqual([(10 * 0.5 + 30 * 0.9) / 40, (10 * 0.2 + 30 * 0.9) / 40]);
    expect(rungLosses(joinParts([...trainings, running(1)]))).toHaveLength(2);
  });

  it('takes the last loss of a training that ended before', () => {
    const trainings = joinParts([part(1, endedAt(0.8)), part(2, pausedAt(0.4)), part(2, pausedAt(0.2))]);
    expect(rungLosses(trainings)).toEqual([(0.8 + 0.4) / 2, (0.8 + 0.2) / 2]);
  });

  it('stays what it was once the trial has ended', () => {
    expect(rungLosses(joinParts([part(1, pausedAt(0.5)), part(1, result({}))]))).toEqual([0.5]);
  });
});

it.each<[string, TrainingPart[], boolean]>([
  ['has paused with all its trainings', [part(1, pausedAt(0.5)), part(2, pausedAt(0.5))], true],
  ['has paused with one of two, and ended with the other', [part(1, pausedAt(0.5)), part(2, endedAt(0.5))], true],
  ['still trains', [part(1, pausedAt(0.5)), running(2)], false],
  ['goes on', [part(1, pausedAt(0.5)), running(1)], false],
  ['has ended', [part(1, endedAt(0.5))], false],
])('a trial that %s waits at a rung: %s', (_, parts, expected) => {
  expect(waitsAtRung(joinParts(parts))).toBe(expected);
});

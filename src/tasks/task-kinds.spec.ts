import { expect, it } from 'vitest';
import { RUNTIME } from '../../test/fixtures/runtime.js';
import type { TaskSpec, TrainResult } from '../domain/task.js';
import { TASK_KINDS } from './task-kinds.js';

const artifact = (letter: string) => ({ sha256: letter.repeat(64), sizeBytes: 1 });
const result: TrainResult = {
  bestEpoch: 1,
  epochCount: 1,
  validationLoss: 0,
  validationAccuracy: 0,
  validationMacroAccuracy: 0,
  validationMacroF1: 0,
  validationCalibrationError: 0,
  trainedParameterCount: 0,
  totalParameterCount: 1,
  trainSeconds: 0,
  multiplyAccumulates: 0,
  runtime: RUNTIME,
};

it('asks of a training every upload that its spec asks to keep, and refers to each', () => {
  const countOf = (keepWeights: boolean, keepPredictions: boolean) =>
    TASK_KINDS.TRAIN.uploadCountMin({ train: { keepWeights, keepPredictions } } as TaskSpec);
  expect([countOf(false, false), countOf(false, true), countOf(true, false), countOf(true, true)]).toEqual([
    0, 1, 1, 2,
  ]);
  const [weights, predictions] = [artifact('a'), artifact('b')];
  expect(TASK_KINDS.TRAIN.uploaded({ train: { ...result, weights, predictions } })).toEqual([weights, predictions]);
  expect(TASK_KINDS.TRAIN.uploaded({ train: { ...result, predictions } })).toEqual([predictions]);
  expect(TASK_KINDS.TRAIN.uploaded({ train: result })).toEqual([]);
});

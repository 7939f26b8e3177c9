import type { Retraining } from '../../src/domain/retraining.js';
import type { ScoreReport, SoupSpec, TrainResult, TrainSpec } from '../../src/domain/task.js';
import type { ValidationPredictions } from '../../src/domain/validation-predictions.js';
import { trainingSides } from '../../src/worker/trainer/training-sides.js';
import { RUNTIME } from '../fixtures/runtime.js';
import type { MadeUpDataset, MadeUpTraining } from './job-harness.js';

/** The images of one split, class by class, none a copy of another. */
function splitOf({ labels, imageCount }: MadeUpDataset, split: 'train' | 'validation') {
  const classes = labels.flatMap((_, label) => Array<number>(imageCount[split]).fill(label));
  return { path: split, labels: Int32Array.from(classes), firstCopies: Int32Array.from(classes.keys()) };
}

/** The images that a task trains on, and those that it validates on. */
export const sidesOf = (spec: TrainSpec | SoupSpec, madeUp: MadeUpDataset) =>
  trainingSides({ train: splitOf(madeUp, 'train'), validation: splitOf(madeUp, 'validation') }, spec);

/** What a model that was made up takes the validation images of its task for. */
export function predictedBy({ validation, wrong }: MadeUpTraining, spec: TrainSpec | SoupSpec, madeUp: MadeUpDataset) {
  const places = [...sidesOf(spec, madeUp).validation];
  const all = [...splitOf(madeUp, 'train').labels, ...splitOf(madeUp, 'validation').labels];
  const labels = places.map((place) => all[place] ?? 0);
  const predictions = labels.map((label, index) => {
    const ofClass = labels.filter((other) => other === label).length;
    const before = labels.slice(0, index).filter((other) => other === label).length;
    const isWrong = wrong === undefined ? before >= Math.round(validation * ofClass) : wrong(places[index] ?? 0);
    return isWrong ? (label + 1) % madeUp.labels.length : label;
  });
  return { images: places, labels, predictions } satisfies ValidationPredictions;
}

/** What a soup that was made up comes to, without its files: all join but the second, the first to be tried. */
export function souped({ validation, multiplyAccumulates = 1e9 }: MadeUpTraining, { others }: SoupSpec) {
  return {
    tries: others.map((_, index) => ({
      memberIndex: index + 1,
      figureBefore: validation,
      figureAfter: validation,
      hasJoined: index > 0,
    })),
    validationLoss: 1 - validation,
    validationAccuracy: validation,
    validationMacroAccuracy: validation,
    validationMacroF1: validation,
    validationCalibrationError: 0.1,
    soupSeconds: 3,
    multiplyAccumulates,
    runtime: RUNTIME,
  };
}

/** What a training that was made up comes to, without its files. */
export function trained(
  { validation, multiplyAccumulates = 1e9, stageBestEpochs = [1] }: MadeUpTraining,
  spec: TrainSpec,
  madeUp: MadeUpDataset,
): TrainResult {
  const { lrMultipliers, division } = spec;
  return {
    bestEpoch: 1,
    stageBestEpochs,
    epochCount: 4,
    validationLoss: 1 - validation,
    validationAccuracy: validation,
    validationMacroAccuracy: validation,
    validationMacroF1: validation,
    validationCalibrationError: 0.1,
    trainedParameterCount: lrMultipliers.filter((factor) => factor > 0).length,
    totalParameterCount: lrMultipliers.length,
    trainSeconds: 2,
    multiplyAccumulates,
    runtime: RUNTIME,
    ...(division !== undefined && { validationImageCount: sidesOf(spec, madeUp).validation.length }),
  };
}

/** What a training on all images that was made up comes to, without its files: nothing is validated. */
export function retrained(
  { multiplyAccumulates = 1e9 }: MadeUpTraining,
  { lrMultipliers }: TrainSpec,
  { stageEpochCounts }: Retraining,
): TrainResult {
  const epochCount = stageEpochCounts.reduce((sum, count) => sum + count, 0);
  return {
    bestEpoch: epochCount,
    stageBestEpochs: stageEpochCounts,
    epochCount,
    trainedParameterCount: lrMultipliers.filter((factor) => factor > 0).length,
    totalParameterCount: lrMultipliers.length,
    trainSeconds: 2,
    multiplyAccumulates,
    runtime: RUNTIME,
  };
}

/** The first images of each class are right, the others are taken for the next class. */
export function scored(wanted: number, { labels: classes, imageCount: { test } }: MadeUpDataset) {
  const accuracy = Math.round(wanted * test) / test;
  const labels = classes.flatMap((_, label) => Array.from({ length: test }, () => label));
  const predictions = labels.map((label, image) =>
    image % test < accuracy * test ? label : (label + 1) % classes.length,
  );
  const recalls = classes.map((_, classIndex) => ({ classIndex, recall: accuracy }));
  const figures = { loss: 1, accuracy, macroAccuracy: accuracy, macroF1: accuracy, calibrationError: 0.1 };
  return {
    figures: { ...figures, imageCount: labels.length },
    report: { recalls, labels, predictions } satisfies ScoreReport,
  };
}

import type { Failure } from '../../domain/errors.js';
import { groupBy } from '../../domain/group-by.js';
import type { TaskResult, TaskState, TrainResult } from '../../domain/task.js';

/** One part of a training of a trial, as its task's row has it; most trainings have one. */
export interface TrainingPart {
  readonly trialId: string;
  readonly seed: number;
  readonly state: TaskState;
  readonly result?: TaskResult;
  readonly failure?: Failure;
}

/** A training of a trial: the latest of its parts, with the result so far, whose costs are those of all of them. */
export interface Training extends TrainingPart {
  /** The validation losses at the pauses that it has come to; the last one is that of its end where it ended before. */
  readonly losses: readonly number[];
}

/** @param parts Those of a training in their order. */
export function joinParts(parts: readonly TrainingPart[]): Training[] {
  return [...groupBy(parts, ({ trialId, seed }) => `${trialId}/${seed}`).values()].flatMap((ofTraining) => {
    const last = ofTraining.at(-1);
    if (last === undefined) return [];
    const results = ofTraining.flatMap(({ result }) =>
      result !== undefined && 'train' in result ? [result.train] : [],
    );
    const losses = results.flatMap(({ lastValidationLoss }) => lastValidationLoss ?? []);
    const result = results.length < 2 && last.result !== undefined ? last.result : joined(results);
    return [{ ...last, ...(result !== undefined && { result }), losses }];
  });
}

/** The latest of the results, at the cost of all. */
function joined(results: readonly TrainResult[]): TaskResult | undefined {
  const last = results.at(-1);
  if (last === undefined) return undefined;
  const sumOf = (cost: 'epochCount' | 'trainSeconds' | 'multiplyAccumulates') =>
    results.reduce((sum, result) => sum + result[cost], 0);
  const costs = {
    epochCount: sumOf('epochCount'),
    trainSeconds: sumOf('trainSeconds'),
    multiplyAccumulates: sumOf('multiplyAccumulates'),
  };
  return { train: { ...last, ...costs } };
}

/** The checkpoint that a training which has paused goes on from; undefined while it runs, and once it has ended. */
export function checkpointOf({ state, result }: Pick<Training, 'state' | 'result'>) {
  return state === 'succeeded' && result !== undefined && 'train' in result ? result.train.checkpoint : undefined;
}

import { isValidated } from '../domain/job/evaluation.js';
import type { HostTensor } from '../formats/safetensors.js';
import { stagesOf } from '../methods/stages.js';
import { elementCount, parameterSpecs } from '../networks/parameters.js';
import { loadWeights, type Weights } from '../networks/weights.js';
import { type EpochMetrics, type ValidationMetrics, validationMetricsSchema } from './metrics/epoch-metrics.js';
import { checkFineTuneOptions, type FineTuneOptions } from './fine-tune-options.js';
import { ownParts, type SharedParts } from './loop/prepare-training.js';
import { trainOrTakeOver } from './loop/start-stage.js';
import type { TrainedStage } from './loop/trained-stage.js';
import { bestOf, type TrainingCheckpoint } from './loop/training-checkpoint.js';
import { stageBestEpochsOf } from './loop/stage-best-epochs.js';
import type { StageRecord } from './loop/stage-record.js';

/** What a training came to. */
export interface FineTuneResult {
  /**
   * The best epoch of the last stage, or that of the head which the training began with, where none was better; the last
   * epoch where nothing was validated. Epochs are numbered from 1.
   */
  readonly bestEpoch: number;
  /** The epochs of all stages. */
  readonly epochs: readonly EpochMetrics[];
  /** Empty where nothing was validated. */
  readonly best: Partial<ValidationMetrics>;
  /**
   * The best epoch of each stage, numbered from 1 in the stage; 0 of one that was no better in any epoch than the head which the
   * training began with.
   */
  readonly stageBestEpochs: readonly number[];
  /** Numbers that learn in the last stage; of a low-rank change, those of its matrices. */
  readonly trainedParameterCount: number;
  /** Trainable parameters, frozen or not; running statistics are not counted. */
  readonly totalParameterCount: number;
  /** What was done, one after the other. */
  readonly stages: readonly StageRecord[];
  /** Examples in memory at a time: fewer than a batch when that was requested, or when memory ran out. */
  readonly microBatchSize: number;
  /** The best epoch's whole state, in torch layout and state dict order. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Where the training stands; present when it has paused, and then all else is of its epochs so far. */
  readonly checkpoint?: TrainingCheckpoint;
}

/** How a training is watched, and what it takes over from others. */
export interface FineTuneHooks {
  /**
   * Called after each epoch; the next one starts when it is done.
   *
   * @param checkpoint Copies where the training stands, at the cost of reading all that learns from the device.
   */
  readonly onEpoch: (metrics: EpochMetrics, checkpoint: () => TrainingCheckpoint) => Promise<void> | void;
  /** Called once, instead of `onEpoch` for each, with epochs that another training had done; nothing of them can be lost. */
  readonly onTakenOver?: (epochs: readonly EpochMetrics[]) => void;
  /** Stay the caller's; a training without has its own. */
  readonly shared?: SharedParts;
  /** The checkpoint of a training with the same options. */
  readonly resumeFrom?: TrainingCheckpoint;
  /**
   * The epochs of the last stage, from 1, after which the training pauses, unless it has ended by then: whoever goes on from
   * its checkpoint comes to the bits of one that did not pause.
   */
  readonly pauseAfterEpochCount?: number;
}

/**
 * Trains one candidate by the paper's protocol (arXiv 2508.15367) or what the options make of it: a learning rate per
 * block that follows a schedule, early stopping by the objective; the best epoch counts. No dropout. Without validation images
 * nothing stops a stage before its last epoch, which counts.
 *
 * What learns, and from what it starts, is the technique's; its stages are trained one after the other, and epochs are
 * numbered through all of them.
 *
 * The same options give the same bits, on the same machine, thread count and oneDNN flag. When memory runs out a stage
 * starts again with half as many examples at a time.
 *
 * @throws {DomainError} NAN_LOSS with epoch, step and block; OUT_OF_MEMORY when nothing smaller is left to try;
 *   and what `checkFineTuneOptions` and `loadWeights` throw.
 */
export async function fineTune(options: FineTuneOptions, hooks: FineTuneHooks): Promise<FineTuneResult> {
  checkFineTuneOptions(options);
  const start = loadWeights(options.network, options.pretrained, options.classCount, options.headSeed);
  const { dispose, ...shared } =
    hooks.shared === undefined ? ownParts() : { ...hooks.shared, dispose: () => undefined };
  try {
    return await trainStages(options, start, { ...hooks, shared });
  } finally {
    dispose();
  }
}

async function trainStages(
  options: FineTuneOptions,
  start: Weights,
  hooks: FineTuneHooks & { readonly shared: SharedParts },
): Promise<FineTuneResult> {
  const { onEpoch, onTakenOver = () => undefined, shared, resumeFrom, pauseAfterEpochCount } = hooks;
  let microBatchSize = resumeFrom?.microBatchSize ?? options.microBatchSize ?? options.batchSize;
  const stages = [...(resumeFrom?.stages ?? [])];
  const doneCount = stages.length;
  const epochs = (resumeFrom?.epochs ?? []).slice(0, epochCountOf(stages));
  let weights = start;
  let last: TrainedStage | undefined;
  const plan = stagesOf(options);
  for (const [index, stage] of plan.entries()) {
    if (index < doneCount) continue;
    const startEpoch = plan[index - 1]?.isStart === true ? bestOf(epochs, options.objective) : undefined;
    last = await trainOrTakeOver({ ...options, microBatchSize }, stage, weights, {
      shared,
      stagesBefore: [...stages],
      epochsBefore: [...epochs],
      onEpoch,
      onTakenOver,
      ...(startEpoch !== undefined && { startEpoch }),
      ...(resumeFrom !== undefined && index === doneCount && { resumeFrom }),
      ...(pauseAfterEpochCount !== undefined && index === plan.length - 1 && { pauseAfterEpochCount }),
    });
    stages.push(last.record);
    epochs.push(...last.epochs);
    // A stage holds all that learnt in those before it.
    weights = new Map([...start, ...last.bestWeights]);
    ({ microBatchSize } = last);
  }
  if (last === undefined) throw new Error('no stage was trained');
  const stageBestEpochs = stageBestEpochsOf(plan, stages, epochs, options.objective);
  return { ...resultOf(options, last), stageBestEpochs, epochs, stages, weights };
}

const epochCountOf = (stages: readonly StageRecord[]): number =>
  stages.reduce((sum, { epochCount }) => sum + epochCount, 0);

function resultOf(
  { network, classCount }: FineTuneOptions,
  { best, trainedParameterCount, microBatchSize, checkpoint }: TrainedStage,
) {
  const counted = parameterSpecs(network, classCount).filter(({ isBuffer }) => !isBuffer);
  return {
    bestEpoch: best.epoch,
    best: isValidated(best) ? validationMetricsSchema.parse(best) : {},
    trainedParameterCount,
    totalParameterCount: counted.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    microBatchSize,
    ...(checkpoint !== undefined && { checkpoint }),
  };
}

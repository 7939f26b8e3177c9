import type { Technique } from '../../methods/method-table.js';
import type { Stage } from '../../methods/stage.js';
import type { Weights } from '../../networks/weights.js';
import type { EpochMetrics } from '../metrics/epoch-metrics.js';
import { type SizedOptions, type StageContext, trainStage } from './train-stage.js';
import type { TrainedStage } from './trained-stage.js';

/** What a stage needs to be trained or taken over. */
export interface StartContext extends StageContext {
  /** Called instead of `onEpoch` for the epochs of a stage that was taken over. */
  readonly onTakenOver: (epochs: readonly EpochMetrics[]) => void;
}

/**
 * Trains a stage as `trainStage` does. The head that a training begins with follows from less than the training: where
 * another one of this process has made the same, it is taken over, with its epochs, to the bit.
 *
 * A stage that goes on from a checkpoint is trained to its end, since its first epochs are reported already.
 *
 * @throws {DomainError} as `trainStage`.
 */
export async function trainOrTakeOver(
  options: SizedOptions,
  stage: Stage,
  start: Weights,
  { onTakenOver, ...context }: StartContext,
): Promise<TrainedStage> {
  const { heads } = context.shared;
  const key = headKeyOf(options, stage);
  if (key === undefined) return trainStage(options, stage, start, context);
  const known = context.resumeFrom === undefined ? heads.find(key) : undefined;
  if (known !== undefined) {
    const head = takenOver(known);
    onTakenOver(head.epochs);
    return head;
  }
  const trained = await trainStage(options, stage, start, context);
  heads.keep(key, trained);
  return trained;
}

/**
 * All that the head of a start stage follows from: every option but those that are named here. Undefined for other stages,
 * and for images that vary, which the training's own seed decides about.
 */
function headKeyOf(options: SizedOptions, stage: Stage): string | undefined {
  if (stage.isStart !== true || options.train.isAugmented) return undefined;
  const {
    // The source key stands for these three.
    pretrained: _weights,
    train: _train,
    validation: _validation,
    // Of the blocks before the classifier, which stay as they are, and of the order of the examples afterwards.
    lrMultipliers: _multipliers,
    normBlocks: _normBlocks,
    frozenBatchNorm: _frozenBatchNorm,
    seed: _seed,
    network,
    technique,
    ...others
  } = options;
  // By gradients too the classifier has its full rate.
  const ofHead: Technique = technique.type === 'AUTO_RGN' ? { type: 'BLOCKS' } : technique;
  return JSON.stringify([network.architecture, stage, ofHead, others]);
}

/** What was not done here took no time here. Its record stays, because a training is charged for all that it needed. */
function takenOver(head: TrainedStage): TrainedStage {
  const free = (epoch: EpochMetrics): EpochMetrics => ({ ...epoch, seconds: 0 });
  return {
    ...head,
    epochs: head.epochs.map(free),
    best: free(head.best),
  };
}

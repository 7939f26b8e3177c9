import type { FineTuneJobSpec } from './fine-tune-job.js';
import type { TrialSettings } from './trial.js';

/** The parts of a spec that the settings of a candidate overrule. */
type Overruled = Pick<FineTuneJobSpec, 'training' | 'data'>;

/**
 * What a candidate trains by: a job's spec, with what the candidate sets in its place.
 *
 * Patience and cosine follow the candidate's own epochs where they are as many as the job's, as they are unless the request
 * names them.
 */
export function withSettings<Spec extends Overruled>(spec: Spec, settings: TrialSettings = {}): Spec {
  const { training, data } = spec;
  const { epochCount = training.epochCount, batchSize = training.batchSize } = settings;
  const ofItsEpochs = (count: number) => (count === training.epochCount ? epochCount : count);
  return {
    ...spec,
    data: {
      ...data,
      imageSizePx: settings.imageSizePx ?? data.imageSizePx,
      augmentation: settings.augmentation ?? data.augmentation,
    },
    training: {
      ...training,
      epochCount,
      patienceEpochs: ofItsEpochs(training.patienceEpochs),
      cosineEpochCount: ofItsEpochs(training.cosineEpochCount),
      baseLearningRate: settings.baseLearningRate ?? training.baseLearningRate,
      labelSmoothing: settings.labelSmoothing ?? training.labelSmoothing,
      weightDecay: settings.weightDecay ?? training.weightDecay,
      ...(batchSize !== undefined && { batchSize }),
    },
  };
}

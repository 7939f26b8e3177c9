import type { BaseModel } from '../domain/base-model.js';
import type { StoredDatasetVersion } from '../domain/dataset/dataset.js';
import { withSettings } from '../domain/job/candidate-settings.js';
import { partCountOf } from '../domain/dataset/division.js';
import { objectiveSchema } from '../domain/job/evaluation.js';
import type { FineTuneJobSpec, StoredFineTuneJob } from '../domain/job/fine-tune-job.js';
import type { NewTrial } from '../domain/job/trial.js';
import type { Artifact } from '../domain/artifact.js';
import type { PackSpec, ScoreSpec, SoupSpec, TrainSpec } from '../domain/task.js';
import { objectiveValuesOf } from '../estimate/objective-values.js';
import { protocolOf, techniqueOf } from '../methods/apply-method.js';
import { methodOf } from '../methods/method-table.js';
import type { Leadership } from '../storage/postgres/leadership.repository.js';
import type { SearchScope } from '../search/search-plan.js';
import type { News } from './leading/scope-watch.js';

/** What every step of a running job needs; read from rows at the start of the step. */
export interface JobContext {
  readonly job: StoredFineTuneJob;
  readonly leadership: Leadership;
  readonly baseModel: BaseModel;
  readonly dataset: StoredDatasetVersion;
  readonly news: News;
}

/** What the job's searches follow from. */
export const searchScopeOf = ({ job: { spec }, baseModel, dataset }: JobContext): SearchScope => ({
  spec,
  blocks: baseModel.blocks,
  objectiveValuesOf: objectiveValuesOf({ spec, baseModel, classCount: dataset.classes.length }),
});

/** The number of parts that the seeds of a phase after the search validate on in turn; 1 where all have the same images. */
export const partCountIn = ({ job, dataset }: JobContext): number =>
  job.spec.finals.division === 'FIXED' ? 1 : partCountOf(dataset.classes);

/** The packed images of some splits; without `test`, which only a score task may read. */
function pack({ dataset }: JobContext, keep: (split: string) => boolean): PackSpec {
  if (dataset.manifest === undefined) throw new Error(`${dataset.name} is ACTIVE without a manifest`);
  return { manifest: dataset.manifest, shards: dataset.shards.filter(({ split }) => keep(split)) };
}

function network(
  { baseModel, dataset }: JobContext,
  weights: { sha256: string; sizeBytes: number },
  { imageSizePx }: FineTuneJobSpec['data'],
) {
  const { architecture, mean, std } = baseModel;
  return { architecture, weights, mean, std, imageSizePx, classCount: dataset.classes.length };
}

/**
 * The training of one candidate with one seed. What it sets overrules the job, and its method may overrule what the job says of
 * BatchNorm and images.
 */
export function trainSpec(
  context: JobContext,
  candidate: Pick<
    TrainSpec,
    | 'lrMultipliers'
    | 'seed'
    | 'fold'
    | 'foldCount'
    | 'division'
    | 'keepWeights'
    | 'keepPredictions'
    | 'pauseAfterEpochCount'
    | 'resumeFrom'
    | 'retraining'
  > &
    Pick<NewTrial, 'method' | 'settings'> & {
      /** The first seed of the phase, which a head that is trained before has in all of its trainings. */
      readonly phaseSeed: number;
    },
): TrainSpec {
  const { method: id, settings, phaseSeed, ...chosen } = candidate;
  const { training, data, methods, evaluation } = withSettings(context.job.spec, settings);
  // How many steps there must be is decided: the epochs say it.
  const { batchSize, stepCountMin: _decided, ...ofJob } = training;
  if (batchSize === undefined) throw new Error(`${context.job.id} trains before its batch size is known`);
  const method = methodOf(id);
  const { augmentation, ...protocol } = protocolOf(method, { ...training, ...data });
  return {
    ...chosen,
    headSeed: protocol.headInit === 'PROBE' ? phaseSeed : chosen.seed,
    objective: objectiveSchema.strip().parse(evaluation),
    network: network(context, context.baseModel, data),
    pack: pack(context, (split) => split !== 'test'),
    training: { ...ofJob, batchSize, ...protocol },
    augmentation,
    technique: techniqueOf(method, methods, settings),
    ...(settings?.normTuning !== undefined && { normTuning: settings.normTuning }),
  };
}

/** What decides which members join a soup: on a few hundred images the loss tells a bad mean from a good one, and accuracy does not. */
const BY_LOSS = { fitness: 'LOSS', lossWeight: 0 } as const;

/**
 * The soup of some models of one seed, at the image size and the batch size of the best.
 *
 * @param soup `weights`: those of the members, the best first; at least two.
 * @throws {Error} for fewer members.
 */
export function soupSpec(
  context: JobContext,
  {
    settings,
    weights,
    division,
  }: Pick<NewTrial, 'settings'> & Pick<SoupSpec, 'division'> & { weights: readonly Artifact[] },
): SoupSpec {
  const { training, data } = withSettings(context.job.spec, settings);
  const [best, ...others] = weights;
  if (best === undefined || others.length === 0) throw new Error(`a soup of ${weights.length} models was asked for`);
  if (training.batchSize === undefined) throw new Error(`${context.job.id} averages before its batch size is known`);
  return {
    network: network(context, best, data),
    others,
    pack: pack(context, (split) => split !== 'test'),
    fold: 0,
    foldCount: 1,
    ...(division !== undefined && { division }),
    objective: BY_LOSS,
    batchSize: training.batchSize,
  };
}

/** The one look at the sealed test split, at the image size of the candidate. */
export const scoreSpec = (
  context: JobContext,
  { settings }: Pick<NewTrial, 'settings'>,
  weights: { sha256: string; sizeBytes: number },
): ScoreSpec => ({
  network: network(context, weights, withSettings(context.job.spec, settings).data),
  pack: pack(context, (split) => split === 'test'),
});

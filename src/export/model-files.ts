import { createHash } from 'node:crypto';
import type { BaseModel } from '../domain/base-model.js';
import type { DatasetClass } from '../domain/dataset/dataset.js';
import type { Genome } from '../domain/job/genome.js';
import type { JobResult, RetrainedMethod } from '../domain/job/job-result.js';
import type { TrialSettings } from '../domain/job/trial.js';
import type { Method } from '../methods/method-table.js';
import { resizedShorterSidePx } from '../domain/dataset/preprocessing.js';
import type { Runtime } from '../domain/runtime.js';
import type { TestScore } from '../domain/task.js';
import type { ValidationPredictions } from '../domain/validation-predictions.js';

/** Where a model version came from: enough to make it again. */
export interface Lineage {
  readonly job: string;
  readonly trial: string;
  readonly baseModel: {
    readonly name: string;
    readonly sha256: string;
    readonly license: string;
    readonly sourceUri: string;
  };
  readonly datasetVersion: string;
  readonly datasetDigest: string;
  readonly searchSeed: number;
  readonly trainingSeed: number;
  readonly training: object;
  /** The method that was trained again on train and validation together, and the epochs of each stage; absent for others. */
  readonly retrained?: Pick<RetrainedMethod, 'method' | 'stageEpochCounts'>;
  /** The trials whose models of the training seed were averaged, the best first; absent for all but a soup. */
  readonly soupMembers?: readonly string[];
  readonly algorithmVersion: number;
  readonly runtime: Runtime;
}

/** What the files of a model version say beside its weights. */
export interface ModelDescription {
  readonly method: Method;
  readonly baseModel: BaseModel;
  readonly imageSizePx: number;
  readonly classes: readonly DatasetClass[];
  /** The genome that these weights were trained by; absent for a method without. */
  readonly genome?: Genome;
  readonly lrMultipliers: readonly number[];
  /** What the candidate set over its method's own settings; absent where it set nothing. */
  readonly settings?: TrialSettings;
  /** The figures on the test images; the confusion matrix is left out where a job's result has none. */
  readonly test: TestScore & Pick<JobResult, 'confusionMatrix'>;
  readonly scores: JobResult['scores'];
  /** What the final models of all methods take their validation images for. */
  readonly validationPredictions: readonly (ValidationPredictions & {
    readonly method: Method;
    readonly seed: number;
  })[];
  readonly lineage: Lineage;
}

/** One small file of a model version. */
export interface DescriptionFile {
  readonly path: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const json = (path: string, value: unknown): DescriptionFile => ({
  path,
  mediaType: 'application/json',
  bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`),
});

/** For lists as long as there are images. */
const compactJson = (path: string, value: unknown): DescriptionFile => ({
  path,
  mediaType: 'application/json',
  bytes: Buffer.from(`${JSON.stringify(value)}\n`),
});

const blocks = ({ baseModel, lrMultipliers, genome }: ModelDescription) =>
  baseModel.blocks.map(({ id, parameterNames }, index) => ({
    id,
    gene: genome?.genes[index],
    frozen: (lrMultipliers[index] ?? 0) === 0,
    lrMultiplier: lrMultipliers[index],
    parameterNames,
  }));

/**
 * The files of a model version beside its weights: what a server needs to feed the network and to read its answers,
 * and what a person needs to trust it. The same description gives the same bytes.
 */
export function describeModel(description: ModelDescription): DescriptionFile[] {
  const { validationPredictions } = description;
  const { method, baseModel, imageSizePx, classes, genome, settings, test, scores, lineage } = description;
  return [
    json('config.json', {
      architecture: baseModel.architecture,
      classCount: classes.length,
      baseModel: baseModel.name,
    }),
    json(
      'labels.json',
      classes.map(({ label }) => label),
    ),
    json('preprocess.json', {
      resizeShorterSidePx: resizedShorterSidePx(imageSizePx),
      cropPx: imageSizePx,
      interpolation: 'bilinear, antialiased',
      channelOrder: 'RGB',
      pixelRange: [0, 255],
      mean: baseModel.mean,
      std: baseModel.std,
    }),
    json('genome.json', { method, genome, settings, blocks: blocks(description) }),
    json('metrics.json', { test, scores }),
    compactJson('validation-predictions.json', validationPredictions),
    json('lineage.json', lineage),
  ];
}

/** The line-per-file listing that `sha256sum --check` reads. */
export function checksums(files: readonly { readonly path: string; readonly sha256: string }[]): DescriptionFile {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return { path: 'checksums.sha256', mediaType: 'text/plain', bytes: Buffer.from(lines.join('')) };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

import type { CoordinatorConfig } from '../config/config.js';
import type { Artifact } from '../domain/artifact.js';
import { isValidated } from '../domain/job/evaluation.js';
import type { Runtime } from '../domain/runtime.js';
import {
  contentOf,
  type ScoreSpec,
  type SoupSpec,
  type TaskKind,
  type TaskResult,
  type TaskSpec,
  type TrainResult,
  type TrainSpec,
} from '../domain/task.js';

/** The settings that bound what workers upload. */
export type UploadBounds = Readonly<
  Pick<CoordinatorConfig, 'UPLOAD_PACK_MIB_MAX' | 'UPLOAD_WEIGHTS_MIB_MAX' | 'UPLOAD_REPORT_MIB_MAX'>
>;

/** What the coordinator must know of one kind of task. Specs and results that are given to it must be of that kind. */
export interface TaskKindRules {
  /** The artifacts that a spec lets its worker read. */
  readonly reads: (spec: TaskSpec) => readonly Artifact[];
  /** The setting that says how many MiB one upload may have. */
  readonly uploadBound: keyof UploadBounds;
  /** The artifacts that a result says were uploaded. */
  readonly uploaded: (result: TaskResult) => readonly Artifact[];
  /** The least number of artifacts that a result must say were uploaded. */
  readonly uploadCountMin: (spec: TaskSpec) => number;
  /** Why a result cannot be one of the spec, in a sentence; undefined when it may be. */
  readonly misfit: (spec: TaskSpec, result: TaskResult) => string | undefined;
  /** The spec for a job whose runtime a training has fixed. */
  readonly boundTo: (spec: TaskSpec, runtime: Runtime) => TaskSpec;
  /** The runtime that the first success of the kind fixes for its job. */
  readonly ranOn: (result: TaskResult) => Runtime | undefined;
  /** Whether the job's events report attempts that failed. */
  readonly notifiesJob: boolean;
}

const filesOf = ({ network, pack }: TrainSpec | ScoreSpec | SoupSpec): readonly Artifact[] => [
  network.weights,
  pack.manifest,
  ...pack.shards,
];

/** A training has figures of its validation images, unless it is of all images. */
function validationMisfit({ retraining }: TrainSpec, result: TrainResult): string | undefined {
  if (isValidated(result) === (retraining === undefined)) return undefined;
  return retraining === undefined
    ? 'The result has no figures of the validation images that the task names.'
    : 'The result has figures of validation images, and the task leaves none to validate on.';
}

/** The kinds of tasks: what differs between them stands here, and nowhere else in the coordinator. */
export const TASK_KINDS: Readonly<Record<TaskKind, TaskKindRules>> = {
  IMPORT: {
    reads: () => [],
    uploadBound: 'UPLOAD_PACK_MIB_MAX',
    uploaded: (result) => {
      const { manifest, shards } = contentOf(result, 'import');
      return [manifest, ...shards];
    },
    uploadCountMin: () => 1,
    misfit: () => undefined,
    boundTo: (spec) => spec,
    ranOn: () => undefined,
    notifiesJob: false,
  },
  TRAIN: {
    reads: (spec) => {
      const train = contentOf(spec, 'train');
      return [...filesOf(train), ...(train.resumeFrom === undefined ? [] : [train.resumeFrom])];
    },
    uploadBound: 'UPLOAD_WEIGHTS_MIB_MAX',
    uploaded: (result) => {
      const { weights, checkpoint, predictions } = contentOf(result, 'train');
      return [weights, checkpoint, predictions].filter((artifact) => artifact !== undefined);
    },
    uploadCountMin: (spec) => {
      const { keepWeights, keepPredictions } = contentOf(spec, 'train');
      return Number(keepWeights) + Number(keepPredictions);
    },
    misfit: (spec, result) => validationMisfit(contentOf(spec, 'train'), contentOf(result, 'train')),
    boundTo: (spec, runtime) => ({ train: { ...contentOf(spec, 'train'), runtime } }),
    ranOn: (result) => contentOf(result, 'train').runtime,
    notifiesJob: true,
  },
  SCORE: {
    reads: (spec) => filesOf(contentOf(spec, 'score')),
    uploadBound: 'UPLOAD_REPORT_MIB_MAX',
    uploaded: (result) => [contentOf(result, 'score').report],
    uploadCountMin: () => 1,
    misfit: () => undefined,
    boundTo: (spec, runtime) => ({ score: { ...contentOf(spec, 'score'), runtime } }),
    ranOn: () => undefined,
    notifiesJob: true,
  },
  SOUP: {
    reads: (spec) => {
      const soup = contentOf(spec, 'soup');
      return [...filesOf(soup), ...soup.others];
    },
    uploadBound: 'UPLOAD_WEIGHTS_MIB_MAX',
    uploaded: (result) => {
      const { weights, predictions } = contentOf(result, 'soup');
      return [weights, predictions];
    },
    uploadCountMin: () => 2,
    misfit: () => undefined,
    boundTo: (spec, runtime) => ({ soup: { ...contentOf(spec, 'soup'), runtime } }),
    ranOn: () => undefined,
    notifiesJob: true,
  },
};

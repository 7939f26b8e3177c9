/**
 * Ties the messages of `src/wire` to the types of `src/domain`: a field that one has and the other has not, or that
 * differs in type, does not compile. Nothing here runs.
 */
import type { z } from 'zod';
import type { Artifact } from '../../domain/artifact.js';
import type * as baseModel from '../../domain/base-model.js';
import type { BudgetConfig } from '../../domain/job/budget.js';
import type { ClassRecall } from '../../domain/class-recall.js';
import type { Condition } from '../../domain/job/job-condition.js';
import type { createFineTuneJobSchema } from '../../domain/job/create-fine-tune-job.js';
import type { dataSchema } from '../../domain/job/data-config.js';
import type * as dataset from '../../domain/dataset/dataset.js';
import type { Division } from '../../domain/dataset/division.js';
import type { Failure } from '../../domain/errors.js';
import type { EvaluationConfig } from '../../domain/job/evaluation.js';
import type * as event from '../../domain/job/event.js';
import type * as earlierCandidate from '../../domain/job/earlier-candidate.js';
import type * as fineTuneJob from '../../domain/job/fine-tune-job.js';
import type { Cost } from '../../domain/job/cost.js';
import type { BlockConstraint } from '../../domain/job/block-constraint.js';
import type * as genome from '../../domain/job/genome.js';
import type * as estimate from '../../domain/job/estimate.js';
import type { MeasuredGain } from '../../domain/job/measured-gain.js';
import type { NormTuning } from '../../domain/job/norm-tuning.js';
import type * as jobResult from '../../domain/job/job-result.js';
import type * as modelVersion from '../../domain/model-version.js';
import type { Retraining } from '../../domain/retraining.js';
import type * as runtime from '../../domain/runtime.js';
import type * as searchConfig from '../../domain/job/search-config.js';
import type * as task from '../../domain/task.js';
import type * as trainingProtocol from '../../domain/job/training-protocol.js';
import type * as trial from '../../domain/job/trial.js';
import type * as methods from '../../methods/method-table.js';
import type * as catalog from '../../wire/biotune/v1/catalog.js';
import type * as job from '../../wire/biotune/v1/fine_tune_job.js';
import type * as worker from '../../wire/biotune/v1/worker.js';
import type { BaseModelRequest } from '../contract/base-model.js';
import type { DatasetRequest } from '../contract/dataset.js';
import type { JobRequest } from '../contract/fine-tune-job.js';
import type { ModelVersionRequest } from '../contract/model-version.js';
import type { JobListRequest, ListFineTuneJobsRequest, ListMetricPointsRequest } from './requests.js';
import type * as workerRequests from './worker-requests.js';

/** A message as the loader writes and reads it: enums are their names, and lists are not changed. */
type Wire<T> = T extends string
  ? `${T}`
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

type NoOthers<D, M> = Record<Exclude<keyof D, keyof M>, never>;

/** Answers: every `D` is a message `M` whole, and `M` has no field that `D` never fills. */
type Serves<M extends Record<Exclude<keyof M, keyof D>, never>, D extends Wire<M> & NoOthers<D, M>> = D;

type Partly<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: Partly<T[K]> | undefined }
    : T;

/** Requests: every `D` can be sent as a message `M`, which has the same fields; what has a default may be absent. */
type Takes<M extends Record<Exclude<keyof M, keyof D>, never>, D extends Partly<Wire<M>> & NoOthers<D, M>> = D;

/** A union of which exactly one member is present, as one object with each of them optional. */
type OneOf<U> = { [K in U extends unknown ? keyof U : never]?: U extends Record<K, infer V> ? V : never };

type BaseModelChecks = [Serves<catalog.BaseModel, baseModel.BaseModel>, Serves<catalog.Block, baseModel.Block>];

type DatasetChecks = [
  Serves<catalog.Dataset, dataset.Dataset>,
  Serves<catalog.DatasetVersion, dataset.DatasetVersion>,
  Serves<catalog.DatasetClass, dataset.DatasetClass>,
  Serves<catalog.DatasetIssue, dataset.DatasetIssue>,
  Serves<catalog.SplitConfig, dataset.SplitConfig>,
  Serves<catalog.SplitCounts, dataset.SplitCounts>,
  Serves<catalog.Failure, Failure>,
];

type ModelVersionChecks = [
  Serves<catalog.ModelVersion, modelVersion.ModelVersion>,
  Serves<catalog.ModelFile, modelVersion.ModelFile>,
  Serves<catalog.Download, modelVersion.Download>,
];

type FineTuneJobChecks = [
  Serves<catalog.Runtime, runtime.Runtime>,
  Serves<job.FineTuneJob, fineTuneJob.FineTuneJob>,
  Serves<job.Condition, Condition>,
  Serves<job.FineTuneJobSpec, fineTuneJob.FineTuneJobSpec>,
  Serves<job.BiotuneConfig, searchConfig.BiotuneConfig>,
  Serves<job.EvaluationConfig, EvaluationConfig>,
  Serves<job.TrainingConfig, trainingProtocol.JobTraining>,
  Serves<job.BlockConstraint, BlockConstraint>,
  Serves<job.MethodSettings, methods.MethodSettings>,
  Serves<job.FinalsConfig, fineTuneJob.FineTuneJobSpec['finals']>,
  Serves<job.BudgetConfig, BudgetConfig>,
  Serves<job.Cost, Cost>,
  Serves<job.Progress, fineTuneJob.Progress>,
  Serves<job.BestTrial, z.infer<typeof fineTuneJob.bestTrialSchema>>,
  Serves<job.JobResult, jobResult.JobResult>,
  Serves<job.Delivery, jobResult.Delivery>,
  Serves<job.RetrainedMethod, jobResult.RetrainedMethod>,
  Serves<job.MethodScore, jobResult.MethodScore>,
  Serves<job.SeedScore, jobResult.SeedScore>,
  Serves<job.Interval, jobResult.Interval>,
  Serves<job.Comparison, jobResult.Comparison>,
  Serves<job.Resolution, jobResult.Resolution>,
  Serves<job.Rung, jobResult.Rung>,
  Serves<job.EarlierCandidate, earlierCandidate.EarlierCandidate>,
  Serves<job.PriorCandidate, earlierCandidate.PriorCandidate>,
  Serves<job.PriorOutcome, earlierCandidate.PriorOutcome>,
  Serves<job.JobEstimate, estimate.JobEstimate>,
  Serves<job.MeasuredGain, MeasuredGain>,
  Serves<job.PriorEstimate, jobResult.PriorEstimate>,
  Serves<job.MethodEstimate, estimate.JobEstimate['methods'][number]>,
  Serves<catalog.ClassRecall, ClassRecall>,
  Serves<job.Genome, genome.Genome>,
  Serves<job.Trial, trial.Trial>,
  Serves<job.TrialSettings, trial.TrialSettings>,
  Serves<job.NormTuning, NormTuning>,
  Serves<job.Pruning, trial.Pruning>,
  Serves<job.SeedResult, trial.SeedResult>,
  Serves<job.MetricPoint, trial.MetricPoint>,
  Serves<job.Event, event.JobEvent>,
];

type CreateJob = z.input<typeof createFineTuneJobSchema>;

type RequestChecks = [
  Takes<job.CreateFineTuneJob, CreateJob>,
  Takes<job.DataConfig, z.input<typeof dataSchema>>,
  Takes<job.TrainingConfig, z.input<typeof trainingProtocol.trainingSchema>>,
  Takes<job.SearchConfig, z.input<typeof searchConfig.searchSchema>>,
  Takes<job.BiotuneConfig, z.input<typeof searchConfig.biotuneSchema>>,
  Takes<job.AcceleratedConfig, z.input<typeof searchConfig.acceleratedSchema>>,
  Takes<job.EvaluationConfig, NonNullable<CreateJob['evaluation']>>,
  Takes<job.ParallelismConfig, NonNullable<CreateJob['parallelism']>>,
  Takes<job.OutputConfig, NonNullable<CreateJob['output']>>,
  Takes<job.MethodSettings, NonNullable<CreateJob['methods']>>,
  Takes<job.FinalsConfig, NonNullable<CreateJob['finals']>>,
  Takes<job.BudgetConfig, NonNullable<CreateJob['budget']>>,
  Takes<job.EstimateFineTuneJobRequest, { readonly project: string; readonly job: CreateJob }>,
  Takes<job.ListFineTuneJobsRequest, ListFineTuneJobsRequest>,
  Takes<job.GetFineTuneJobRequest | job.CancelFineTuneJobRequest, JobRequest>,
  Takes<job.PauseFineTuneJobRequest | job.ResumeFineTuneJobRequest, JobRequest>,
  Takes<job.ListTrialsRequest | job.ListEventsRequest, JobListRequest>,
  Takes<job.ListMetricPointsRequest, ListMetricPointsRequest>,
  Takes<catalog.CreateDataset, z.input<typeof dataset.createDatasetSchema>>,
  Takes<catalog.GetBaseModelRequest, BaseModelRequest>,
  Takes<catalog.GetDatasetRequest, DatasetRequest>,
  Takes<catalog.GetModelVersionRequest | catalog.ListDownloadsRequest, ModelVersionRequest>,
];

type TaskChecks = [
  Serves<worker.TaskSpec, OneOf<task.TaskSpec>>,
  Serves<worker.ImportSpec, task.ImportSpec>,
  Serves<worker.TrainSpec, task.TrainSpec>,
  Serves<worker.Division, Division>,
  Serves<worker.Retraining, Retraining>,
  Serves<worker.Technique, OneOf<methods.Technique> & Pick<methods.Technique, 'type'>>,
  Serves<worker.TrainingProtocol, trainingProtocol.TrainingProtocol>,
  Serves<worker.ScoreSpec, task.ScoreSpec>,
  Serves<worker.SoupSpec, task.SoupSpec>,
  Serves<worker.PackSpec, task.PackSpec>,
  Serves<worker.NetworkSpec, task.ScoreSpec['network']>,
  Serves<worker.Artifact, Artifact>,
  Serves<worker.Shard, dataset.Shard>,
  Serves<worker.TaskResult, OneOf<task.TaskResult>>,
  Serves<worker.ImportResult, task.ImportResult>,
  Serves<worker.TrainResult, task.TrainResult>,
  Serves<worker.ScoreResult, task.ScoreResult>,
  Serves<worker.SoupResult, task.SoupResult>,
  Serves<worker.SoupTry, task.SoupTry>,
  Serves<worker.TaskOutcome, OneOf<task.TaskOutcome>>,
  Takes<worker.LeaseTaskRequest, workerRequests.LeaseTaskRequest>,
  Takes<worker.HeartbeatRequest, workerRequests.LeaseRequest>,
  Takes<worker.ListSourceObjectsRequest, workerRequests.ListSourceObjectsRequest>,
  Takes<worker.GetTransferUrlsRequest, workerRequests.TransferUrlsRequest>,
  Takes<worker.ConfirmUploadRequest, workerRequests.ConfirmUploadRequest>,
  Takes<worker.ReportMetricsRequest, workerRequests.ReportMetricsRequest>,
  Takes<worker.ReleaseTaskRequest, workerRequests.ReleaseTaskRequest>,
];

export type Checks = [BaseModelChecks, DatasetChecks, ModelVersionChecks, FineTuneJobChecks, RequestChecks, TaskChecks];

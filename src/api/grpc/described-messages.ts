import { z } from 'zod';
import { fineTuneJobRequestSchema } from '../../domain/job/create-fine-tune-job.js';
import { datasetSchema } from '../../domain/dataset/dataset.js';
import { jobEstimateSchema } from '../../domain/job/estimate.js';
import { fineTuneJobSchema } from '../../domain/job/fine-tune-job.js';
import { jobResultSchema } from '../../domain/job/job-result.js';
import { modelVersionSchema } from '../../domain/model-version.js';
import { reproducibilitySchema } from '../../domain/runtime.js';
import { taskOutcomeSchema, taskSpecSchema } from '../../domain/task.js';
import { METHODS, METHODS_DESCRIPTION, methodSettingsSchema } from '../../methods/method-table.js';
import { pullSettings } from '../../methods/pulls.js';
import { baseModelListSchema, baseModelRequest } from '../contract/base-model.js';
import { datasetRequest } from '../contract/dataset.js';
import { eventListSchema, fineTuneJobListSchema, jobRequest } from '../contract/fine-tune-job.js';
import { downloadListSchema, modelVersionRequest } from '../contract/model-version.js';
import { metricPointListSchema, trialListSchema } from '../contract/trial.js';
import {
  createDatasetRequest,
  createFineTuneJobRequest,
  estimateFineTuneJobRequest,
  jobListRequest,
  listBaseModelsRequest,
  listFineTuneJobsRequest,
  listMetricPointsRequest,
} from './requests.js';
import {
  completeTaskRequest,
  confirmUploadRequest,
  leaseRequest,
  leaseTaskRequest,
  listSourceObjectsRequest,
  releaseTaskRequest,
  reportMetricsRequest,
  transferUrlsRequest,
} from './worker-requests.js';

const settings = methodSettingsSchema.shape;

/**
 * The schemas of the messages and enums of `proto/`, by their names there. What these refer to is a message too, under the
 * schema's own id.
 */
export const MESSAGE_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  ListBaseModelsRequest: listBaseModelsRequest,
  ListBaseModelsResponse: baseModelListSchema,
  GetBaseModelRequest: baseModelRequest,
  CreateDatasetRequest: createDatasetRequest,
  GetDatasetRequest: datasetRequest,
  Dataset: datasetSchema,
  GetModelVersionRequest: modelVersionRequest,
  ListDownloadsRequest: modelVersionRequest,
  ListDownloadsResponse: downloadListSchema,
  ModelVersion: modelVersionSchema,
  Method: z.enum(METHODS).describe(`What decides which parameters train, and how fast. ${METHODS_DESCRIPTION}`),
  CreateFineTuneJobRequest: createFineTuneJobRequest,
  Reproducibility: reproducibilitySchema,
  EstimateFineTuneJobRequest: estimateFineTuneJobRequest,
  'MethodSettings.FullFineTuneTuned': settings.fullFineTuneTuned,
  'MethodSettings.AutoRgn': settings.autoRgn,
  'MethodSettings.Lora': settings.lora,
  'MethodSettings.StartingPoint': pullSettings.describe('The settings of L2_SP or L1_SP.'),
  'MethodSettings.LayerDecay': settings.layerDecay,
  'MethodSettings.SuffixGrid': settings.suffixGrid,
  ParallelismConfig: fineTuneJobRequestSchema.shape.parallelism,
  OutputConfig: fineTuneJobRequestSchema.shape.output,
  FineTuneJob: fineTuneJobSchema,
  ConfusionRow: jobResultSchema.shape.confusionMatrix.unwrap().element,
  JobEstimate: jobEstimateSchema,
  GetFineTuneJobRequest: jobRequest,
  ListFineTuneJobsRequest: listFineTuneJobsRequest,
  ListFineTuneJobsResponse: fineTuneJobListSchema,
  CancelFineTuneJobRequest: jobRequest,
  PauseFineTuneJobRequest: jobRequest,
  ResumeFineTuneJobRequest: jobRequest,
  ListTrialsRequest: jobListRequest,
  ListTrialsResponse: trialListSchema,
  ListMetricPointsRequest: listMetricPointsRequest,
  ListMetricPointsResponse: metricPointListSchema,
  ListEventsRequest: jobListRequest,
  ListEventsResponse: eventListSchema,
  LeaseTaskRequest: leaseTaskRequest,
  TaskSpec: taskSpecSchema,
  HeartbeatRequest: leaseRequest,
  ListSourceObjectsRequest: listSourceObjectsRequest,
  GetTransferUrlsRequest: transferUrlsRequest,
  ConfirmUploadRequest: confirmUploadRequest,
  ReportMetricsRequest: reportMetricsRequest,
  CompleteTaskRequest: completeTaskRequest,
  TaskOutcome: taskOutcomeSchema,
  ReleaseTaskRequest: releaseTaskRequest,
};

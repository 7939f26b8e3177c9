import { z } from 'zod';
import { baseModelRefSchema } from '../../domain/base-model.js';
import { createDatasetSchema } from '../../domain/dataset.js';
import { createFineTuneJobSchema } from '../../domain/fine-tune-job.js';
import { idSchema } from '../../domain/ids.js';
import { pageRequestSchema } from '../../domain/page.js';
import { projectIdSchema } from '../../domain/text.js';
import { modelIdSchema, versionNumberSchema } from '../path-parts.js';
import { idempotencyKeySchema } from '../rest/idempotency-key.js';

const inProject = z.strictObject({ project: projectIdSchema });

/** proto3 cannot tell an empty list from none: no baselines named means all of them. */
const withoutEmptyBaselines = (job: unknown): unknown => {
  if (typeof job !== 'object' || job === null || !('baselines' in job)) return job;
  const { baselines, ...others } = job;
  return Array.isArray(baselines) && baselines.length === 0 ? others : job;
};

export const createFineTuneJobRequest = inProject.extend({
  job: z.preprocess(withoutEmptyBaselines, createFineTuneJobSchema),
  requestId: idempotencyKeySchema.optional(),
});
export type CreateFineTuneJobRequest = z.infer<typeof createFineTuneJobRequest>;

export const listFineTuneJobsRequest = inProject.extend(pageRequestSchema.shape);
export type ListFineTuneJobsRequest = z.infer<typeof listFineTuneJobsRequest>;

/** Get and Cancel. */
export const jobRequest = inProject.extend({ job: idSchema('ftj') });
export type JobRequest = z.infer<typeof jobRequest>;

/** ListTrials and ListEvents. */
export const jobListRequest = jobRequest.extend(pageRequestSchema.shape);
export type JobListRequest = z.infer<typeof jobListRequest>;

export const listMetricPointsRequest = jobRequest.extend({ trial: idSchema('trl') });
export type ListMetricPointsRequest = z.infer<typeof listMetricPointsRequest>;

export const listBaseModelsRequest = z.strictObject({});

export const getBaseModelRequest = z.strictObject({ baseModel: baseModelRefSchema });
export type GetBaseModelRequest = z.infer<typeof getBaseModelRequest>;

export const createDatasetRequest = inProject.extend({ dataset: createDatasetSchema });
export type CreateDatasetRequest = z.infer<typeof createDatasetRequest>;

export const getDatasetRequest = inProject.extend({ dataset: idSchema('ds') });
export type GetDatasetRequest = z.infer<typeof getDatasetRequest>;

/** GetModelVersion and ListDownloads. */
export const modelVersionRequest = inProject.extend({ model: modelIdSchema, number: versionNumberSchema });
export type ModelVersionRequest = z.infer<typeof modelVersionRequest>;

import { z } from 'zod';
import { baseModelRefSchema } from '../../domain/base-model.js';
import { createDatasetSchema } from '../../domain/dataset.js';
import { createFineTuneJobSchema } from '../../domain/create-fine-tune-job.js';
import { idSchema } from '../../domain/ids.js';
import { metricPageRequestSchema, pageRequestSchema } from '../../domain/page.js';
import { projectIdSchema } from '../../domain/text.js';
import { modelIdSchema, versionNumberSchema } from '../path-parts.js';
import { idempotencyKeySchema } from '../rest/idempotency-key.js';

const inProject = z.strictObject({ project: projectIdSchema });

/** proto3 cannot tell an empty list from none: a list without members has its default. */
function withoutEmptyLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => !(Array.isArray(member) && member.length === 0));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutEmptyLists(member)]));
}

export const estimateFineTuneJobRequest = inProject.extend({
  job: z.preprocess(withoutEmptyLists, createFineTuneJobSchema),
});
export type EstimateFineTuneJobRequest = z.infer<typeof estimateFineTuneJobRequest>;

export const createFineTuneJobRequest = estimateFineTuneJobRequest.extend({
  requestId: idempotencyKeySchema.optional(),
});
export type CreateFineTuneJobRequest = z.infer<typeof createFineTuneJobRequest>;

export const listFineTuneJobsRequest = inProject.extend(pageRequestSchema.shape);
export type ListFineTuneJobsRequest = z.infer<typeof listFineTuneJobsRequest>;

/** Get, Cancel, Pause and Resume. */
export const jobRequest = inProject.extend({ job: idSchema('ftj') });
export type JobRequest = z.infer<typeof jobRequest>;

/** ListTrials and ListEvents. */
export const jobListRequest = jobRequest.extend(pageRequestSchema.shape);
export type JobListRequest = z.infer<typeof jobListRequest>;

export const listMetricPointsRequest = jobRequest.extend({ trial: idSchema('trl'), ...metricPageRequestSchema.shape });
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

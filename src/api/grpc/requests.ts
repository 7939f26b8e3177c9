/** Requests that hold in one message what REST takes from path, query, header and body. */
import { z } from 'zod';
import { createDatasetSchema } from '../../domain/dataset/dataset.js';
import { createFineTuneJobSchema } from '../../domain/job/create-fine-tune-job.js';
import { metricPageRequestSchema, pageRequestSchema } from '../../domain/page.js';
import { jobRequest } from '../contract/fine-tune-job.js';
import { idempotencyKeySchema } from '../contract/idempotency-key.js';
import { projectRequest } from '../contract/project.js';
import { trialRequest } from '../contract/trial.js';

/** proto3 cannot distinguish an empty list from none: a list without members has its default. */
function withoutEmptyLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => !(Array.isArray(member) && member.length === 0));
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutEmptyLists(member)]));
}

export const estimateFineTuneJobRequest = projectRequest.extend({
  job: z.preprocess(withoutEmptyLists, createFineTuneJobSchema),
});
export type EstimateFineTuneJobRequest = z.infer<typeof estimateFineTuneJobRequest>;

export const createFineTuneJobRequest = estimateFineTuneJobRequest.extend({
  requestId: idempotencyKeySchema.optional(),
});
export type CreateFineTuneJobRequest = z.infer<typeof createFineTuneJobRequest>;

export const listFineTuneJobsRequest = projectRequest.extend(pageRequestSchema.shape);
export type ListFineTuneJobsRequest = z.infer<typeof listFineTuneJobsRequest>;

/** The request of ListTrials and of ListEvents. */
export const jobListRequest = jobRequest.extend(pageRequestSchema.shape);
export type JobListRequest = z.infer<typeof jobListRequest>;

export const listMetricPointsRequest = trialRequest.extend(metricPageRequestSchema.shape);
export type ListMetricPointsRequest = z.infer<typeof listMetricPointsRequest>;

export const listBaseModelsRequest = z.strictObject({});

export const createDatasetRequest = projectRequest.extend({ dataset: createDatasetSchema });
export type CreateDatasetRequest = z.infer<typeof createDatasetRequest>;

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

const jobToCreate = z.preprocess(withoutEmptyLists, createFineTuneJobSchema);

export const estimateFineTuneJobRequest = projectRequest.extend({
  job: jobToCreate.describe('The job that would be created.'),
});
export type EstimateFineTuneJobRequest = z.infer<typeof estimateFineTuneJobRequest>;

export const createFineTuneJobRequest = estimateFineTuneJobRequest.extend({
  job: jobToCreate.describe('The job to create.'),
  requestId: idempotencyKeySchema
    .optional()
    .describe(
      'A key that makes a repeat of this request answer with the job of the first (AIP-155), at most 128 ' +
        'visible ASCII characters.',
    ),
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

export const createDatasetRequest = projectRequest.extend({
  dataset: createDatasetSchema.describe('The dataset to register.'),
});
export type CreateDatasetRequest = z.infer<typeof createDatasetRequest>;

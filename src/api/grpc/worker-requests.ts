import { z } from 'zod';
import { idSchema } from '../../domain/ids.js';
import { artifactSchema } from '../../domain/artifact.js';
import { taskOutcomeSchema } from '../../domain/task.js';
import { boundedText } from '../../domain/text.js';

/** Artifacts or values in one call. */
const ITEM_COUNT_MAX = 10_000;

export const leaseTaskRequest = z.strictObject({
  workerId: boundedText(128).describe('The id of the worker, at most 128 characters.'),
});
export type LeaseTaskRequest = z.infer<typeof leaseTaskRequest>;

/** The task and the fence that every call about it carries. */
export const leaseRequest = z.strictObject({
  task: idSchema('tsk').describe('The id of the task.'),
  fence: z.int().positive().describe('The fence of the lease.'),
});
export type LeaseRequest = z.infer<typeof leaseRequest>;

/** The token is an object key: the last one of the page before. */
export const listSourceObjectsRequest = leaseRequest.extend({
  pageToken: boundedText(1024)
    .optional()
    .describe('The `nextPageToken` of the page before; the first page when absent.'),
});
export type ListSourceObjectsRequest = z.infer<typeof listSourceObjectsRequest>;

const artifacts = z.array(artifactSchema).max(ITEM_COUNT_MAX).readonly();

export const transferUrlsRequest = leaseRequest.extend({
  downloads: artifacts.describe("Artifacts named in the task's spec."),
  uploads: artifacts.describe('Artifacts that the worker has made; a link takes exactly `sizeBytes`.'),
  sourceKeys: z
    .array(boundedText(1024))
    .max(ITEM_COUNT_MAX)
    .readonly()
    .describe('Keys below the prefix of an import task.'),
});
export type TransferUrlsRequest = z.infer<typeof transferUrlsRequest>;

export const confirmUploadRequest = leaseRequest.extend({
  artifact: artifactSchema.describe('The artifact that was uploaded.'),
});
export type ConfirmUploadRequest = z.infer<typeof confirmUploadRequest>;

const metricValue = z
  .strictObject({
    name: boundedText(64).describe('The name of the metric.'),
    epoch: z.int().min(0).describe('The number of the epoch.'),
    value: z.number().describe('The value of the metric at the epoch.'),
  })
  .meta({ id: 'MetricValue', description: "One value of a training's curve." });

export const reportMetricsRequest = leaseRequest.extend({
  values: z.array(metricValue).max(ITEM_COUNT_MAX).readonly().describe('The values.'),
});
export type ReportMetricsRequest = z.infer<typeof reportMetricsRequest>;

export const completeTaskRequest = leaseRequest.extend({
  outcome: taskOutcomeSchema.describe('How the attempt ended.'),
});
export type CompleteTaskRequest = z.infer<typeof completeTaskRequest>;

export const releaseTaskRequest = leaseRequest.extend({
  reason: z.string().max(64).describe('Why the worker gives the task back, at most 64 characters.'),
});
export type ReleaseTaskRequest = z.infer<typeof releaseTaskRequest>;

import { z } from 'zod';
import { idSchema } from '../../domain/ids.js';
import { artifactSchema } from '../../domain/artifact.js';
import { taskOutcomeSchema } from '../../domain/task.js';
import { boundedText } from '../../domain/text.js';

/** Artifacts or values in one call. */
const ITEM_COUNT_MAX = 10_000;

export const leaseTaskRequest = z.strictObject({ workerId: boundedText(128) });
export type LeaseTaskRequest = z.infer<typeof leaseTaskRequest>;

/** The task and the fence that every call about it carries. */
export const leaseRequest = z.strictObject({ task: idSchema('tsk'), fence: z.int().positive() });
export type LeaseRequest = z.infer<typeof leaseRequest>;

/** The token is an object key: the last one of the page before. */
export const listSourceObjectsRequest = leaseRequest.extend({ pageToken: boundedText(1024).optional() });
export type ListSourceObjectsRequest = z.infer<typeof listSourceObjectsRequest>;

const artifacts = z.array(artifactSchema).max(ITEM_COUNT_MAX).readonly();

export const transferUrlsRequest = leaseRequest.extend({
  downloads: artifacts,
  uploads: artifacts,
  sourceKeys: z.array(boundedText(1024)).max(ITEM_COUNT_MAX).readonly(),
});
export type TransferUrlsRequest = z.infer<typeof transferUrlsRequest>;

export const confirmUploadRequest = leaseRequest.extend({ artifact: artifactSchema });
export type ConfirmUploadRequest = z.infer<typeof confirmUploadRequest>;

const metricValue = z.strictObject({ name: boundedText(64), epoch: z.int().min(0), value: z.number() });

export const reportMetricsRequest = leaseRequest.extend({
  values: z.array(metricValue).max(ITEM_COUNT_MAX).readonly(),
});
export type ReportMetricsRequest = z.infer<typeof reportMetricsRequest>;

export const completeTaskRequest = leaseRequest.extend({ outcome: taskOutcomeSchema });
export type CompleteTaskRequest = z.infer<typeof completeTaskRequest>;

export const releaseTaskRequest = leaseRequest.extend({ reason: z.string().max(64) });
export type ReleaseTaskRequest = z.infer<typeof releaseTaskRequest>;

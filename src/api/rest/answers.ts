import { z } from 'zod';
import { baseModelSchema, blockSchema } from '../../domain/base-model.js';
import { eventSchema } from '../../domain/event.js';
import { fineTuneJobSchema } from '../../domain/fine-tune-job.js';
import { downloadSchema } from '../../domain/model-version.js';
import { metricPointSchema, trialSchema } from '../../domain/trial.js';

/** Absent on the last page. */
const nextPageToken = z.string().optional();

export const fineTuneJobListSchema = z
  .strictObject({ fineTuneJobs: z.array(fineTuneJobSchema).readonly(), nextPageToken })
  .meta({ id: 'FineTuneJobList' });
export type FineTuneJobList = z.infer<typeof fineTuneJobListSchema>;

export const trialListSchema = z
  .strictObject({ trials: z.array(trialSchema).readonly(), nextPageToken })
  .meta({ id: 'TrialList' });
export type TrialList = z.infer<typeof trialListSchema>;

export const eventListSchema = z
  .strictObject({ events: z.array(eventSchema).readonly(), nextPageToken })
  .meta({ id: 'EventList' });
export type EventList = z.infer<typeof eventListSchema>;

export const metricPointListSchema = z
  .strictObject({ metricPoints: z.array(metricPointSchema).readonly(), nextPageToken })
  .meta({ id: 'MetricPointList' });
export type MetricPointList = z.infer<typeof metricPointListSchema>;

export const baseModelListSchema = z
  .strictObject({ baseModels: z.array(baseModelSchema).readonly() })
  .meta({ id: 'BaseModelList' });
export type BaseModelList = z.infer<typeof baseModelListSchema>;

/** The block partition of a base model, input side first. */
export const blockListSchema = z.strictObject({ blocks: z.array(blockSchema).readonly() }).meta({ id: 'BlockList' });
export type BlockList = z.infer<typeof blockListSchema>;

export const downloadListSchema = z
  .strictObject({ downloads: z.array(downloadSchema).readonly() })
  .meta({ id: 'DownloadList' });
export type DownloadList = z.infer<typeof downloadListSchema>;

/** Whether this process can serve, and what it waits for. */
export const readinessSchema = z
  .strictObject({ ready: z.boolean(), database: z.boolean(), objectStore: z.boolean(), shuttingDown: z.boolean() })
  .meta({ id: 'Readiness' });
export type ReadinessAnswer = z.infer<typeof readinessSchema>;

export const livenessSchema = z.strictObject({ alive: z.literal(true) }).meta({ id: 'Liveness' });
export type Liveness = z.infer<typeof livenessSchema>;

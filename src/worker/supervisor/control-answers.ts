import { z } from 'zod';

/** What the coordinator may answer; every answer is checked against these before it is used. */
const fenced = z.object({ leaseLost: z.boolean() });

/** A token that takes the place of the worker's own. */
const renewal = { workerToken: z.string().min(1).max(4096).optional() };

export const leaseTaskAnswerSchema = z.object({
  /** The spec is checked by the attempt, so that a bad one ends the task and not the worker. */
  task: z.object({ id: z.string().min(1), fence: z.int().positive(), spec: z.unknown() }).optional(),
  done: z.boolean(),
  leaseSeconds: z.number().min(0),
  ...renewal,
});
export type LeaseTaskAnswer = Readonly<z.infer<typeof leaseTaskAnswerSchema>>;

export const heartbeatAnswerSchema = fenced.extend({ cancel: z.boolean(), ...renewal });
export type HeartbeatAnswer = Readonly<z.infer<typeof heartbeatAnswerSchema>>;

export const sourceObjectSchema = z.object({
  key: z.string().min(1),
  etag: z.string(),
  sizeBytes: z.int().min(0),
});
export type SourceObject = Readonly<z.infer<typeof sourceObjectSchema>>;

export const sourcePageSchema = fenced.extend({
  objects: z.array(sourceObjectSchema).readonly(),
  nextPageToken: z.string().min(1).optional(),
});
export type SourcePage = Readonly<z.infer<typeof sourcePageSchema>>;

const urlOrEmpty = z.union([z.literal(''), z.url({ protocol: /^https?$/ })]);

export const transferUrlsSchema = fenced.extend({
  downloadUrls: z.array(urlOrEmpty).readonly(),
  uploadUrls: z.array(urlOrEmpty).readonly(),
  sourceUrls: z.array(z.url({ protocol: /^https?$/ })).readonly(),
});
export type TransferUrls = Readonly<z.infer<typeof transferUrlsSchema>>;

/** The answer to metrics, confirmation, completion and release. */
export const fencedAnswerSchema = fenced;

import { z } from 'zod';
import { ERROR_DOMAIN } from '../../domain/errors.js';
import { isRetryable, REASON_RULES, REASONS } from '../../domain/reasons.js';
import type { Refusal } from './refusal.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** An error over REST: RFC 9457 with the members of google.rpc.ErrorInfo. */
export const problemSchema = z
  .strictObject({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    /** Path of the request. */
    instance: z.string(),
    /** Name of the google.rpc.Code that gRPC answers. */
    code: z.string(),
    reason: z.enum(REASONS),
    domain: z.literal(ERROR_DOMAIN),
    /** Every changing word of `detail`. */
    metadata: z.record(z.string(), z.string()),
    errors: z.array(z.strictObject({ pointer: z.string(), reason: z.string(), message: z.string() })),
    requestId: z.string(),
    /** Whether the same request may succeed later, unchanged. */
    retryable: z.boolean(),
    /** What to do, in general; `detail` says what is wrong with this request. */
    help: z.string(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export function problemOf(refusal: Refusal, request: { readonly path: string; readonly id: string }): Problem {
  const { reason, httpStatus, message, metadata, violations } = refusal;
  const { title, help, answer } = REASON_RULES[reason];
  return {
    type: `https://errors.${ERROR_DOMAIN}/${reason.toLowerCase().replaceAll('_', '-')}`,
    title,
    status: httpStatus,
    detail: message,
    instance: request.path,
    code: answer.rpc,
    reason,
    domain: ERROR_DOMAIN,
    metadata: { ...metadata },
    errors: violations.map((violation) => ({
      pointer: violation.pointer,
      reason: violation.reason ?? reason,
      message: violation.message,
    })),
    requestId: request.id,
    retryable: isRetryable(reason),
    help,
  };
}

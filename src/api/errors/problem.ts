import { z } from 'zod';
import { ERROR_DOMAIN } from '../../domain/errors.js';
import { isRetryable, REASON_RULES, REASONS } from '../../domain/reasons.js';
import type { Refusal } from './refusal.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemSchema = z
  .strictObject({
    type: z.url().describe('A URI that names the kind of the problem.'),
    title: z.string().describe('The kind of the problem, in a few words.'),
    status: z.int().describe('The HTTP status.'),
    detail: z.string().describe('What is wrong with this request, in a sentence.'),
    instance: z.string().describe('The path of the request.'),
    code: z.string().describe('The name of the google.rpc.Code that gRPC answers.'),
    reason: z.enum(REASONS).describe('The reason, in a word that stays stable across versions.'),
    domain: z.literal(ERROR_DOMAIN).describe('The service that the reason belongs to.'),
    metadata: z.record(z.string(), z.string()).describe('Every changing word of `detail`, for programs.'),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().describe('The place of the field, as an RFC 6901 JSON pointer.'),
          reason: z.string().describe('The reason why the field was refused.'),
          message: z.string().describe('What is wrong with the field.'),
        }),
      )
      .describe('The fields that were refused.'),
    requestId: z.string().describe("The id of the request in the service's logs."),
    retryable: z.boolean().describe('Whether the same request may succeed later, unchanged.'),
    help: z.string().describe('What to do, in general.'),
  })
  .meta({ id: 'Problem', description: 'An error over REST: RFC 9457 with the members of google.rpc.ErrorInfo.' });
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

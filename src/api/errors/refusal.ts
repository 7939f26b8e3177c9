import { HttpException } from '@nestjs/common';
import { DomainError, type FieldViolation } from '../../domain/errors.js';
import { type Reason, REASON_RULES } from '../../domain/reasons.js';

/** Why a call is refused, before either transport dresses it. */
export interface Refusal {
  readonly reason: Reason;
  readonly httpStatus: number;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly (FieldViolation & { readonly reason?: string })[];
}

/** Texts of our own: the parser's would repeat a piece of the body. */
const HTTP_MESSAGES: Readonly<Record<number, string>> = {
  400: 'The request could not be read: its body must be JSON, and its path and encoding well-formed.',
  404: 'There is no such route.',
  413: 'The body is larger than 100 KB.',
  415: 'The body must be application/json in UTF-8.',
};

/** Reads anything that was thrown as an answer to the caller; what is no refusal is INTERNAL, and reveals nothing. */
export function refusalOf(exception: unknown): Refusal {
  if (exception instanceof DomainError) {
    const { reason, message, metadata, violations } = exception;
    return { reason, message, metadata, violations, httpStatus: REASON_RULES[reason].answer.http };
  }
  if (exception instanceof HttpException && exception.getStatus() < 500) return ofHttp(exception.getStatus());
  return plain('INTERNAL', 'Something went wrong on our side; the request id names it in the logs.');
}

const plain = (reason: Reason, message: string, httpStatus: number = REASON_RULES[reason].answer.http): Refusal => ({
  reason,
  httpStatus,
  message,
  metadata: {},
  violations: [],
});

function ofHttp(httpStatus: number): Refusal {
  const message = HTTP_MESSAGES[httpStatus] ?? 'The request could not be read.';
  if (httpStatus === 404) return plain('ROUTE_NOT_FOUND', message);
  return plain(httpStatus === 413 ? 'REQUEST_TOO_LARGE' : 'REQUEST_MALFORMED', message, httpStatus);
}

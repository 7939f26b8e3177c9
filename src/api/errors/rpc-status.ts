import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { ERROR_DOMAIN } from '../../domain/errors.js';
import { REASON_RULES } from '../../domain/reasons.js';
import { DETAILS_TRAILER, encodeError } from '../../rpc/error-details.js';
import type { Refusal } from './refusal.js';

/** Violations in one answer: trailers of more than 8 KB are refused by clients. */
const VIOLATION_COUNT_MAX = 10;

/** An error over gRPC: the status, and google.rpc.Status with its details in the trailer that clients look for. */
export function rpcStatusOf({ reason, message, metadata, violations }: Refusal, requestId: string): StatusObject {
  const code = status[REASON_RULES[reason].answer.rpc];
  const fieldViolations = violations.slice(0, VIOLATION_COUNT_MAX).map((violation) => ({
    field: protoPath(violation.pointer),
    description: violation.message,
    reason: violation.reason ?? reason,
  }));
  const details = { reason, domain: ERROR_DOMAIN, metadata, fieldViolations, requestId };
  const trailer = new Metadata();
  trailer.set(DETAILS_TRAILER, encodeError(code, message, details));
  trailer.set('x-request-id', requestId);
  return { code, details: message, metadata: trailer };
}

/** `/job/search/eliteCount` is `job.search.elite_count`: the path of protobuf fields that BadRequest asks for. */
function protoPath(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names
    .map((name) =>
      /^\d+$/.test(name) ? `[${name}]` : `.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
    )
    .join('')
    .slice(1);
}

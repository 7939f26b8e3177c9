import { Metadata, status } from '@grpc/grpc-js';
import { DomainError, ERROR_DOMAIN } from '../../domain/errors.js';
import { isOurs, isRetryable, REASONS } from '../../domain/reasons.js';
import { decodeErrorInfo, DETAILS_TRAILER } from '../../rpc/error-details.js';

/** Nobody is there: it may take as long as it takes. */
const AWAY: readonly unknown[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
/** Something behind the coordinator may be away; or one of the two has a bug. */
const TROUBLED: readonly unknown[] = [status.INTERNAL, status.UNKNOWN, status.ABORTED, status.RESOURCE_EXHAUSTED];
const TOKEN_REFUSED: readonly unknown[] = [status.UNAUTHENTICATED, status.PERMISSION_DENIED];

/** How a failed call goes on. AWAY: until it gets through. TROUBLED: some more tries. REFUSED: another try would end the same way. */
export type ControlTrouble = 'AWAY' | 'TROUBLED' | 'REFUSED';

/** Decides by the coordinator's reason; by the transport's code where something else answered, or nobody. */
export function troubleOf(error: unknown): ControlTrouble {
  if (error instanceof DomainError) {
    if (isRetryable(error.reason)) return 'AWAY';
    return error.reason === 'INTERNAL' ? 'TROUBLED' : 'REFUSED';
  }
  const code = codeOf(error);
  if (AWAY.includes(code)) return 'AWAY';
  return TROUBLED.includes(code) ? 'TROUBLED' : 'REFUSED';
}

/**
 * Reads what a call to the coordinator failed with in the words of the domain.
 *
 * A reason that blames a request or a genome is not taken over: this worker made the request, so the mistake is a bug of
 * ours, and must not end a job.
 *
 * @returns the same error where the coordinator has given no reason.
 */
export function controlFailure(cause: unknown): unknown {
  const reported = reportedBy(cause);
  if (reported !== undefined) return reported;
  if (!TOKEN_REFUSED.includes(codeOf(cause))) return cause;
  return new DomainError('WORKER_TOKEN_INVALID', 'the coordinator refuses the worker token', {}, { cause });
}

function reportedBy(cause: unknown): DomainError | undefined {
  if (!(cause instanceof Error) || !('metadata' in cause) || !(cause.metadata instanceof Metadata)) return undefined;
  const [trailer] = cause.metadata.get(DETAILS_TRAILER);
  const info = Buffer.isBuffer(trailer) ? decodeErrorInfo(trailer) : undefined;
  const reason = REASONS.find((known) => known === info?.reason);
  if (info?.domain !== ERROR_DOMAIN || reason === undefined || !isOurs(reason)) return undefined;
  return DomainError.from({ reason, message: info.message, metadata: info.metadata }, { cause });
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

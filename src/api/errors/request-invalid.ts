import { z } from 'zod';
import { DomainError } from '../../domain/errors.js';
import { type Reason, REASONS } from '../../domain/reasons.js';
import { type RequestViolation, violationsOf } from './violation.js';

/** Violations that an answer lists at most. */
const VIOLATION_COUNT_MAX = 50;

const carriedReasonSchema = z.object({ params: z.object({ reason: z.enum(REASONS) }) });

/** A request whose fields were refused; names each of them. */
export class RequestInvalidError extends DomainError {
  declare readonly violations: readonly RequestViolation[];

  constructor(reason: Reason, violations: readonly [RequestViolation, ...RequestViolation[]]) {
    super(reason, describe(violations), violations[0].metadata, {
      violations: violations.slice(0, VIOLATION_COUNT_MAX),
    });
  }

  /**
   * @param request The value that zod refused.
   * @param root Where it stands in what the caller sent.
   */
  static fromZod(error: z.ZodError, request: unknown, root: readonly PropertyKey[] = []): RequestInvalidError {
    const [first, ...others] = error.issues.flatMap((issue) => violationsOf(issue, request, root));
    if (first === undefined) throw new Error('zod refused a request without an issue', { cause: error });
    const carried = carriedReasonSchema.safeParse(error.issues[0]);
    return new RequestInvalidError(carried.success ? carried.data.params.reason : 'FIELD_INVALID', [first, ...others]);
  }
}

function describe([{ pointer, message, reason }, ...others]: readonly [
  RequestViolation,
  ...RequestViolation[],
]): string {
  const isSentence = reason !== 'REQUIRED' && !/^(must|is|has) /.test(message);
  const field = pointer.slice(1).replaceAll('/', '.') || 'The request';
  const more = others.length === 0 ? '' : ` ${others.length} more of its fields were refused.`;
  return `${isSentence ? message : `${field} ${message}`}.${more}`;
}

import type { Failure } from './dataset.js';
import { DomainError } from './errors.js';

/** What a write is answered by a full disk, a full share of it, and a bound on the size of a file. */
const DISK_FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const isDiskFull = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && DISK_FULL_CODES.has(error.code);

/** What went wrong, in stable words; INTERNAL for whatever is neither a DomainError nor a full disk. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DomainError) {
    return { reason: error.reason, message: error.message, metadata: { ...error.metadata } };
  }
  if (isDiskFull(error)) return { reason: 'SCRATCH_FULL', message: error.message, metadata: {} };
  return { reason: 'INTERNAL', message: error instanceof Error ? error.message : String(error), metadata: {} };
}

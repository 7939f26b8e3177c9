import type { Failure } from './dataset.js';
import { DomainError } from './errors.js';

/** What a full disk, or a full share of it, answers to a write. */
const DISK_FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Whether a file could not be written for want of room. */
export const isDiskFull = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && DISK_FULL_CODES.has(error.code);

/** What went wrong, in stable words; INTERNAL for whatever is neither a DomainError nor a full disk. */
export function failureOf(error: unknown): Failure {
  if (error instanceof DomainError) {
    return { reason: error.reason, message: error.message, metadata: { ...error.metadata } };
  }
  if (isDiskFull(error)) return { reason: 'SCRATCH_FULL', message: error.message, metadata: {} };
  return { reason: 'INTERNAL', message: error instanceof Error ? error.message : String(error), metadata: {} };
}

import { z } from 'zod';
import { type Reason, REASONS } from './reasons.js';

/** Who the reasons belong to (AIP-193). */
export const ERROR_DOMAIN = 'biotune.example';

export const failureSchema = z
  .strictObject({
    reason: z
      .enum(REASONS)
      .describe('The reason, in a word that stays stable across versions, such as IMAGE_UNREADABLE.'),
    message: z.string().describe('What went wrong, in a sentence with the bad value and its bound.'),
    metadata: z.record(z.string(), z.string()).describe('Every changing word of the message, for programs.'),
  })
  .meta({ id: 'Failure', description: 'Why a job, a dataset version or a task ended badly.' });
export type Failure = Readonly<z.infer<typeof failureSchema>>;

/** One field of a request that was refused; `pointer` is an RFC 6901 JSON pointer. */
export interface FieldViolation {
  readonly pointer: string;
  readonly message: string;
}

/** A failure that the caller can act on. Everything else that is thrown is a bug. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  /**
   * @param message What is wrong, with the bad value and its bound, and what to do about it.
   * @param metadata Every changing word of the message, for programs (AIP-193).
   * @param violations The fields at fault, for errors in a request.
   */
  constructor(
    readonly reason: Reason,
    message: string,
    readonly metadata: Readonly<Record<string, string>> = {},
    options?: ErrorOptions & { violations?: readonly FieldViolation[] },
  ) {
    super(message, options);
    this.violations = options?.violations ?? [];
  }

  readonly violations: readonly FieldViolation[];

  /** The error that a failure was told of, by a row, a message or another process. */
  static from({ reason, message, metadata }: Failure, options?: ErrorOptions): DomainError {
    return new DomainError(reason, message, metadata, options);
  }
}

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

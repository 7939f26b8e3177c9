import { DomainError } from '../../domain/errors.js';

/** TensorFlow's RESOURCE_EXHAUSTED, as the addon puts it. */
const RESOURCE_EXHAUSTED = /TF_Status: 8\b/;

/** The error in our words if memory ran out, else as it is. */
export function asOutOfMemory(error: unknown, microBatchSize: number): unknown {
  const message = error instanceof Error ? error.message : '';
  if (!RESOURCE_EXHAUSTED.test(message)) return error;
  return new DomainError(
    'OUT_OF_MEMORY',
    `training ran out of memory with ${microBatchSize} examples at a time: ${message}`,
    { microBatchSize: String(microBatchSize), cause: message },
    { cause: error },
  );
}

/**
 * How many examples at a time to try next.
 *
 * @throws {Error} `error` itself when it is not about memory.
 * @throws {DomainError} OUT_OF_MEMORY when BatchNorm would be left with one example.
 */
export function smallerMicroBatch(error: unknown, microBatchSize: number): number {
  const outOfMemory = asOutOfMemory(error, microBatchSize);
  if (outOfMemory === error || microBatchSize < 4) throw outOfMemory;
  return Math.floor(microBatchSize / 2);
}

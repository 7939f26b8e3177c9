import type { Failure } from '../../domain/errors.js';
import type { BatchContent } from './fill-batch.js';

/** A batch that a loop wants, and where to put it. */
export interface BatchRequest extends BatchContent {
  /** Large enough; goes to the thread, and comes back filled. */
  readonly buffer: ArrayBuffer;
}

/** The thread's answers, in the order of the requests. */
export type BatchAnswer = { readonly buffer: ArrayBuffer } | { readonly failure: Failure };

import type { SweptRows } from '../storage/postgres/sweep.repository.js';

/** Something that a sweep deletes, or would. */
export type Swept =
  | { readonly kind: 'BLOB' | 'UPLOAD' | 'MODEL_FILE'; readonly key: string; readonly sizeBytes: number }
  | { readonly kind: 'UNFINISHED_UPLOAD'; readonly key: string; readonly uploadId: string }
  | { readonly kind: SweptRows; readonly count: number };

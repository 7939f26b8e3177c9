import type { SweptRows } from '../storage/postgres/sweep.repository.js';

/** Something that a sweep deletes, or would. */
export type Swept =
  | { readonly kind: 'BLOB' | 'UPLOAD' | 'MODEL_FILE'; readonly key: string; readonly sizeBytes: number }
  | { readonly kind: 'UNFINISHED_UPLOAD'; readonly key: string; readonly uploadId: string }
  | { readonly kind: SweptRows; readonly count: number };

/** How much a sweep has deleted, or would, of each kind. */
export class SweepTotals {
  private readonly counts = new Map<Swept['kind'], number>();
  private sizeBytes = 0;

  add(swept: Swept): void {
    this.counts.set(swept.kind, (this.counts.get(swept.kind) ?? 0) + ('count' in swept ? swept.count : 1));
    if ('sizeBytes' in swept) this.sizeBytes += swept.sizeBytes;
  }

  /** The counts by kind; `sizeBytes` is what storage gets back, but for unfinished uploads. */
  get fields(): Readonly<Record<string, number>> {
    return { ...Object.fromEntries(this.counts), sizeBytes: this.sizeBytes };
  }
}

import type { Page } from '../domain/page.js';
import { writePageToken } from './page-token.js';

/**
 * Bytes of a page as JSON. A gRPC message of it takes up to four times as many, for numbers of one digit, and clients refuse one
 * of more than 4 MiB.
 */
const PAGE_BYTES_MAX = 1_000_000;

/**
 * One page of a list: the items that fit into an answer, one at least, and where the next page begins.
 *
 * @param items As many as were asked for; fewer when these are the last.
 * @param positionOf What `readPageToken` is to give for the page after the item at this place.
 */
export function pageOf<T>(items: readonly T[], pageSize: number, positionOf: (place: number) => unknown): Page<T> {
  const kept = items.slice(0, fittingCount(items));
  const isLast = kept.length === items.length && items.length < pageSize;
  return isLast ? { items: kept } : { items: kept, nextPageToken: writePageToken(positionOf(kept.length - 1)) };
}

function fittingCount(items: readonly unknown[]): number {
  let sizeBytes = 0;
  for (const [place, item] of items.entries()) {
    sizeBytes += Buffer.byteLength(JSON.stringify(item));
    if (sizeBytes > PAGE_BYTES_MAX) return Math.max(1, place);
  }
  return items.length;
}

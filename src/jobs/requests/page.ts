import { z } from 'zod';
import { DomainError } from '../../domain/errors.js';
import type { Page } from '../../domain/page.js';

/**
 * Bytes of a page as JSON. A gRPC message of it takes up to four times as many, for numbers of one digit, and clients refuse one
 * of more than 4 MiB.
 */
const PAGE_BYTES_MAX = 1_000_000;

/**
 * One page of a list: the items that fit into an answer, one at least, and where the next page begins.
 *
 * @param items The items after the position, as many as were requested; fewer when these are the last.
 * @param positionOf What `readPageToken` is to give for the page after the item at this place.
 */
export function pageOf<T>(items: readonly T[], pageSize: number, positionOf: (place: number) => unknown): Page<T> {
  const kept = items.slice(0, fittingCount(items));
  const isLast = kept.length === items.length && items.length < pageSize;
  return isLast ? { items: kept } : { items: kept, nextPageToken: writePageToken(positionOf(kept.length - 1)) };
}

/**
 * Reads the token of a page: the position that `pageOf` was given for it.
 *
 * @returns undefined for the first page.
 * @throws {DomainError} PAGE_TOKEN_INVALID for a token of another list, or a forged one.
 */
export function readPageToken<T>(schema: z.ZodType<T>, token: string | undefined): T | undefined {
  // A client that loops may begin with an empty token (AIP-158).
  if (token === undefined || token === '') return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(token, 'base64url').toString()));
  } catch (error) {
    throw new DomainError(
      'PAGE_TOKEN_INVALID',
      'pageToken does not belong to this list: pass the nextPageToken of its last page, or none.',
      { pageToken: token },
      { cause: error, violations: [{ pointer: '/pageToken', message: 'is not a token of this list' }] },
    );
  }
}

/** Writes where the next page starts, as text that means nothing to a caller. */
const writePageToken = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function fittingCount(items: readonly unknown[]): number {
  let sizeBytes = 0;
  for (const [place, item] of items.entries()) {
    sizeBytes += Buffer.byteLength(JSON.stringify(item));
    if (sizeBytes > PAGE_BYTES_MAX) return Math.max(1, place);
  }
  return items.length;
}

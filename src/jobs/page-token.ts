import { z } from 'zod';
import { DomainError } from '../domain/errors.js';

/** Writes where the next page starts, as text that means nothing to a caller. */
export const writePageToken = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/**
 * Reads what `writePageToken` wrote.
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

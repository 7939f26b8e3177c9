import { z } from 'zod';

/** The field of every list that is given in pages. */
export const nextPageToken = z
  .string()
  .optional()
  .describe('The `pageToken` of the request for the next page; absent on the last page.');

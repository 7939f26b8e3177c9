import { z } from 'zod';

/** Where the next page of a list begins; absent on the last page. */
export const nextPageToken = z.string().optional();

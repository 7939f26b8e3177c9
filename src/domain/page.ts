import { z } from 'zod';

export const pageRequestSchema = z
  .strictObject({
    pageSize: z.coerce
      .number()
      .int()
      .min(1)
      .max(100)
      .default(50)
      .describe('The largest number of items on the page, 1 to 100.'),
    pageToken: z
      .string()
      .max(512)
      .optional()
      .describe('The `nextPageToken` of the page before; the first page when absent.'),
  })
  .meta({ id: 'PageRequest', description: 'How much of a list to give, and from where (AIP-158).' });
export type PageRequest = Readonly<z.infer<typeof pageRequestSchema>>;

/** As `pageRequestSchema`, of the points of curves, which are small and many. */
export const metricPageRequestSchema = pageRequestSchema.extend({
  pageSize: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(10_000)
    .describe('The largest number of points on the page, 1 to 10,000.'),
});

/** One page of a list; the last one has no `nextPageToken`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

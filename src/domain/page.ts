import { z } from 'zod';

/** How much of a list to give, and from where (AIP-158). */
export const pageRequestSchema = z
  .strictObject({
    pageSize: z.coerce.number().int().min(1).max(100).default(50),
    /** `nextPageToken` of the page before. */
    pageToken: z.string().max(512).optional(),
  })
  .meta({ id: 'PageRequest' });
export type PageRequest = Readonly<z.infer<typeof pageRequestSchema>>;

/** As `pageRequestSchema`, of the points of curves, which are small and many. */
export const metricPageRequestSchema = pageRequestSchema.extend({
  pageSize: z.coerce.number().int().min(1).max(10_000).default(10_000),
});

/** One page of a list; the last one has no `nextPageToken`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

import { z } from 'zod';
import { projectIdSchema } from '../../domain/text.js';

/** What a request names that is about a whole project. */
export const projectRequest = z.strictObject({
  project: projectIdSchema.describe('The id of the project: the tenant that owns jobs, datasets and models.'),
});
export type ProjectRequest = z.infer<typeof projectRequest>;

import { z } from 'zod';
import { projectIdSchema } from '../../domain/text.js';

/** What a request names that is about a whole project. */
export const projectRequest = z.strictObject({ project: projectIdSchema });
export type ProjectRequest = z.infer<typeof projectRequest>;

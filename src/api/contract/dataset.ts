import type { z } from 'zod';
import { idSchema } from '../../domain/ids.js';
import { projectRequest } from './project.js';

/** What a request names that is about one dataset. */
export const datasetRequest = projectRequest.extend({ dataset: idSchema('ds').describe('The id of the dataset.') });
export type DatasetRequest = z.infer<typeof datasetRequest>;

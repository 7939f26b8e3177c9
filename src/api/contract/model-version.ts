import { z } from 'zod';
import { downloadSchema } from '../../domain/model-version.js';
import { projectRequest } from './project.js';

/** The largest number that Postgres keeps as an integer. */
const VERSION_NUMBER_MAX = 2_147_483_647;

/** The name of a model, as in a job's `output.model`. */
const modelIdSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' });

/** The number of a model version. */
export const versionNumberSchema = z.int().min(1).max(VERSION_NUMBER_MAX);

/** What a request names that is about one model version. */
export const modelVersionRequest = projectRequest.extend({
  model: modelIdSchema.describe('The id of the model.'),
  number: versionNumberSchema.describe('The number of the version within its model, from 1.'),
});
export type ModelVersionRequest = z.infer<typeof modelVersionRequest>;

export const downloadListSchema = z
  .strictObject({ downloads: z.array(downloadSchema).readonly().describe('The links, one for each file.') })
  .meta({ id: 'DownloadList', description: 'Links that fetch each file of a model version.' });
export type DownloadList = z.infer<typeof downloadListSchema>;

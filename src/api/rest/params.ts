import { z } from 'zod';
import { baseModelRefSchema } from '../../domain/base-model.js';
import { idSchema } from '../../domain/ids.js';
import { metricPageRequestSchema, pageRequestSchema } from '../../domain/page.js';
import { projectIdSchema } from '../../domain/text.js';
import { modelIdSchema, versionNumberSchema } from '../path-parts.js';

export const projectParams = z.strictObject({ project: projectIdSchema });
export type ProjectParams = z.infer<typeof projectParams>;

export const jobParams = projectParams.extend({ job: idSchema('ftj') });
export type JobParams = z.infer<typeof jobParams>;

export const trialParams = jobParams.extend({ trial: idSchema('trl') });
export type TrialParams = z.infer<typeof trialParams>;

export const datasetParams = projectParams.extend({ dataset: idSchema('ds') });
export type DatasetParams = z.infer<typeof datasetParams>;

export const baseModelParams = projectParams.extend({ baseModel: baseModelRefSchema });
export type BaseModelParams = z.infer<typeof baseModelParams>;

export const modelVersionParams = projectParams.extend({
  model: modelIdSchema,
  number: z.coerce.number().pipe(versionNumberSchema),
});
export type ModelVersionParams = z.infer<typeof modelVersionParams>;

/** `pageRequestSchema` without its component name: in OpenAPI each query parameter stands alone. */
export const pageQuery = z.strictObject(pageRequestSchema.shape);

/** The same of `metricPageRequestSchema`. */
export const metricPageQuery = z.strictObject(metricPageRequestSchema.shape);

/** A command without settings: no body, or an empty one. */
export const emptyBody = z.strictObject({}).optional();

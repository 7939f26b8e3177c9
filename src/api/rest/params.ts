import { z } from 'zod';
import { metricPageRequestSchema, pageRequestSchema } from '../../domain/page.js';
import { baseModelRequest } from '../contract/base-model.js';
import { modelVersionRequest, versionNumberSchema } from '../contract/model-version.js';
import { projectRequest } from '../contract/project.js';

/** A base model is read below the path of a project. */
export const baseModelParams = projectRequest.extend(baseModelRequest.shape);
export type BaseModelParams = z.infer<typeof baseModelParams>;

/** `modelVersionRequest` with a number that is text in a path. */
export const modelVersionParams = modelVersionRequest.extend({
  number: z.coerce.number().pipe(versionNumberSchema),
});

/** `pageRequestSchema` without its component name: in OpenAPI each query parameter stands alone. */
export const pageQuery = z.strictObject(pageRequestSchema.shape);

/** `metricPageRequestSchema`, likewise without its component name. */
export const metricPageQuery = z.strictObject(metricPageRequestSchema.shape);

/** A command without settings: no body, or an empty one. */
export const emptyBody = z.strictObject({}).optional();

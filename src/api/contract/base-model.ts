import { z } from 'zod';
import { baseModelRefSchema, baseModelSchema, blockSchema } from '../../domain/base-model.js';

/** What a request names that is about one base model; the catalogue is every project's. */
export const baseModelRequest = z.strictObject({
  baseModel: baseModelRefSchema.describe('The base model, as `baseModels/{id}` or the bare id.'),
});
export type BaseModelRequest = z.infer<typeof baseModelRequest>;

export const baseModelListSchema = z
  .strictObject({ baseModels: z.array(baseModelSchema).readonly().describe('The base models.') })
  .meta({ id: 'BaseModelList', description: 'The base models that a job may start from.' });
export type BaseModelList = z.infer<typeof baseModelListSchema>;

export const blockListSchema = z
  .strictObject({ blocks: z.array(blockSchema).readonly().describe('The blocks, input side first.') })
  .meta({ id: 'BlockList', description: 'The block partition of a base model.' });
export type BlockList = z.infer<typeof blockListSchema>;

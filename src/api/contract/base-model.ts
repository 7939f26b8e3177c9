import { z } from 'zod';
import { baseModelRefSchema, baseModelSchema, blockSchema } from '../../domain/base-model.js';

/** What a request names that is about one base model; the catalogue is every project's. */
export const baseModelRequest = z.strictObject({ baseModel: baseModelRefSchema });
export type BaseModelRequest = z.infer<typeof baseModelRequest>;

export const baseModelListSchema = z
  .strictObject({ baseModels: z.array(baseModelSchema).readonly() })
  .meta({ id: 'BaseModelList' });
export type BaseModelList = z.infer<typeof baseModelListSchema>;

/** The block partition of a base model, input side first. */
export const blockListSchema = z.strictObject({ blocks: z.array(blockSchema).readonly() }).meta({ id: 'BlockList' });
export type BlockList = z.infer<typeof blockListSchema>;

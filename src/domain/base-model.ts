import { z } from 'zod';
import { baseModelName, parseBaseModelName } from './resource-names.js';
import { boundedText, sha256Schema } from './text.js';

/** Consecutive layers that freeze together. */
export const blockSchema = z
  .strictObject({
    id: z.string(),
    /** Position in the partition, input side first, from 0. */
    index: z.int().min(0),
    displayName: z.string(),
    /** Trainable parameters, under their names in the weight file. */
    parameterNames: z.array(z.string()).readonly(),
    parameterCount: z.int().min(0),
    hasBatchNorm: z.boolean(),
  })
  .meta({ id: 'Block' });
export type Block = Readonly<z.infer<typeof blockSchema>>;

/** A pretrained network of the shared catalogue. Counts are for the head that it was pretrained with. */
export const baseModelSchema = z
  .strictObject({
    /** `baseModels/{id}` */
    name: z.string(),
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,62}$/),
    displayName: z.string(),
    /** Which network definition reads the weights, such as `efficientnet-lite0`. */
    architecture: z.string(),
    /** Side of the square input that the weights were trained at. */
    inputSizePx: z.int().positive(),
    /** Smallest square input that the network can take. */
    inputSizePxMin: z.int().positive(),
    /** Per RGB channel, on pixel values 0 to 255: input = (pixel - mean) / std. */
    mean: z.array(z.number()).length(3).readonly(),
    std: z.array(z.number().positive()).length(3).readonly(),
    parameterCount: z.int().positive(),
    /** Size of the weight file. */
    sizeBytes: z.int().positive(),
    /** SHA-256 of the weight file. */
    sha256: sha256Schema,
    license: z.string(),
    sourceUri: z.string(),
    /** The block partition, input side first; the last block holds the classifier head. */
    blocks: z.array(blockSchema).min(1).readonly(),
  })
  .meta({ id: 'BaseModel' });
export type BaseModel = Readonly<z.infer<typeof baseModelSchema>>;

/** A base model as a request names it, `baseModels/{id}` or the bare id; read as the former. */
export const baseModelRefSchema = boundedText(128).transform((ref) =>
  parseBaseModelName(ref) === undefined ? baseModelName(ref) : ref,
);

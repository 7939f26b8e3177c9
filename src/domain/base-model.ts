import { z } from 'zod';
import { baseModelName, parseBaseModelName } from './resource-names.js';
import { boundedText, sha256Schema } from './text.js';

export const blockSchema = z
  .strictObject({
    id: z.string().describe('The id of the block within its base model, such as `layer3`.'),
    index: z.int().min(0).describe('The position in the partition, input side first, from 0.'),
    displayName: z.string().describe('The name that people read.'),
    parameterNames: z
      .array(z.string())
      .readonly()
      .describe('The trainable parameters, under their names in the weight file.'),
    parameterCount: z.int().min(0).describe('The number of trainable parameters.'),
    hasBatchNorm: z.boolean().describe('Whether a layer of the block is a BatchNorm.'),
  })
  .meta({ id: 'Block', description: 'Consecutive layers that freeze together.' });
export type Block = Readonly<z.infer<typeof blockSchema>>;

export const baseModelSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `baseModels/{id}`.'),
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{1,62}$/)
      .describe('The id, which a job may name instead of the resource name.'),
    displayName: z.string().describe('The name that people read.'),
    architecture: z.string().describe('The network definition that reads the weights, such as `efficientnet-lite0`.'),
    inputSizePx: z
      .int()
      .positive()
      .describe('The side of the square input that the weights were trained at, in pixels.'),
    inputSizePxMin: z
      .int()
      .positive()
      .describe('The side of the smallest square input that the network can take, in pixels.'),
    mean: z
      .array(z.number())
      .length(3)
      .readonly()
      .describe('The mean of each RGB channel, on pixel values 0 to 255: input = (pixel - mean) / std.'),
    std: z
      .array(z.number().positive())
      .length(3)
      .readonly()
      .describe('The standard deviation of each RGB channel, on pixel values 0 to 255.'),
    parameterCount: z.int().positive().describe('The number of trainable parameters.'),
    sizeBytes: z.int().positive().describe('The size of the weight file, in bytes.'),
    sha256: sha256Schema.describe('The SHA-256 of the weight file, in lower-case hexadecimal.'),
    license: z.string().describe('The licence of the weights.'),
    sourceUri: z.string().describe('The address that the weights come from.'),
    blocks: z
      .array(blockSchema)
      .min(1)
      .readonly()
      .describe('The block partition, input side first; the last block holds the classifier head.'),
  })
  .meta({
    id: 'BaseModel',
    description: 'A pretrained network of the shared catalogue. Counts are for the head that it was pretrained with.',
  });
export type BaseModel = Readonly<z.infer<typeof baseModelSchema>>;

/** A base model as a request names it, `baseModels/{id}` or the bare id; read as the former. */
export const baseModelRefSchema = boundedText(128).transform((ref) =>
  parseBaseModelName(ref) === undefined ? baseModelName(ref) : ref,
);

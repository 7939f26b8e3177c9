import { z } from 'zod';
import { METHODS } from '../methods/method-table.js';
import { sha256Schema, timestampSchema } from './text.js';

/** One file of a model version. */
export const modelFileSchema = z
  .strictObject({
    /** Relative to the version's folder, such as `weights/model.safetensors`. */
    path: z.string(),
    /** `s3://bucket/key` */
    uri: z.string(),
    sizeBytes: z.int().positive(),
    sha256: sha256Schema,
    mediaType: z.string(),
  })
  .meta({ id: 'ModelFile' });
export type ModelFile = Readonly<z.infer<typeof modelFileSchema>>;

export const MODEL_VERSION_STATES = ['PENDING', 'READY'] as const;

/** A fine-tuned network that a server can load: weights, labels, preprocessing, genome and lineage. */
export const modelVersionSchema = z
  .strictObject({
    /** `projects/{project}/models/{model}/versions/{number}` */
    name: z.string(),
    model: z.string(),
    number: z.int().positive(),
    state: z.enum(MODEL_VERSION_STATES),
    job: z.string(),
    trial: z.string(),
    method: z.enum(METHODS),
    baseModel: z.string(),
    datasetVersion: z.string(),
    testAccuracy: z.number(),
    testMacroAccuracy: z.number(),
    testMacroF1: z.number(),
    testCalibrationError: z.number(),
    /** `s3://bucket/prefix/` that holds the files. */
    storageUri: z.string(),
    files: z.array(modelFileSchema).readonly(),
    createTime: timestampSchema,
  })
  .meta({ id: 'ModelVersion' });
export type ModelVersion = Readonly<z.infer<typeof modelVersionSchema>>;

/** A link that anyone can fetch one file with, without credentials, until it ends. */
export const downloadSchema = z
  .strictObject({
    path: z.string(),
    url: z.string(),
    sha256: sha256Schema,
    sizeBytes: z.int(),
    expireTime: timestampSchema,
  })
  .meta({ id: 'Download' });
export type Download = Readonly<z.infer<typeof downloadSchema>>;

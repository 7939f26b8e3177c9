import { z } from 'zod';
import { METHODS } from '../methods/method-table.js';
import { sha256Schema, timestampSchema } from './text.js';

export const modelFileSchema = z
  .strictObject({
    path: z.string().describe("The path relative to the version's folder, such as `weights/model.safetensors`."),
    uri: z.string().describe('The place in object storage, as `s3://bucket/key`.'),
    sizeBytes: z.int().positive().describe('The size of the file, in bytes.'),
    sha256: sha256Schema.describe('The SHA-256 of the file, in lower-case hexadecimal.'),
    mediaType: z.string().describe('The media type, such as `application/json`.'),
  })
  .meta({ id: 'ModelFile', description: 'One file of a model version.' });
export type ModelFile = Readonly<z.infer<typeof modelFileSchema>>;

export const MODEL_VERSION_STATES = ['PENDING', 'READY'] as const;

export const modelVersionSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `projects/{project}/models/{model}/versions/{number}`.'),
    model: z.string().describe('The id of the model that this is a version of.'),
    number: z.int().positive().describe('The number of the version within its model, from 1.'),
    state: z
      .enum(MODEL_VERSION_STATES)
      .describe(
        'Whether the version can be used. PENDING: its files are being written. READY: all files are ' +
          'written and verified.',
      ),
    job: z.string().describe('The resource name of the job that made the version.'),
    trial: z.string().describe('The resource name of the trial whose model it is.'),
    method: z.enum(METHODS).describe('The method that trained the model.'),
    baseModel: z.string().describe('The resource name of the base model that it was fine-tuned from.'),
    datasetVersion: z.string().describe('The resource name of the dataset version that it was trained on.'),
    testAccuracy: z.number().describe('The share of the test images that the model recognises, 0 to 1.'),
    testMacroAccuracy: z.number().describe('The mean recall of the classes that have test images, 0 to 1.'),
    testMacroF1: z.number().describe('The mean F1 of the classes that have test images, 0 to 1.'),
    testCalibrationError: z.number().describe('The expected calibration error on the test images, 15 bins, 0 to 1.'),
    storageUri: z.string().describe('The folder that holds the files, as `s3://bucket/prefix/`.'),
    files: z.array(modelFileSchema).readonly().describe('The files of the version.'),
    createTime: timestampSchema.describe('The time at which the version was created, RFC 3339 in UTC.'),
  })
  .meta({
    id: 'ModelVersion',
    description: 'A fine-tuned network that a server can load: weights, labels, preprocessing, genome and lineage.',
  });
export type ModelVersion = Readonly<z.infer<typeof modelVersionSchema>>;

export const downloadSchema = z
  .strictObject({
    path: z.string().describe("The path of the file relative to the version's folder."),
    url: z.string().describe('The link.'),
    sha256: sha256Schema.describe('The SHA-256 of the file, in lower-case hexadecimal.'),
    sizeBytes: z.int().describe('The size of the file, in bytes.'),
    expireTime: timestampSchema.describe('The time at which the link ends, RFC 3339 in UTC.'),
  })
  .meta({
    id: 'Download',
    description: 'A link that anyone can fetch one file with, without credentials, until it ends.',
  });
export type Download = Readonly<z.infer<typeof downloadSchema>>;

import { z } from 'zod';
import { type Artifact, artifactSchema } from '../artifact.js';
import { s3UriSchema } from './dataset-reference.js';
import { failureSchema } from '../errors.js';
import { boundedText, seedSchema, sha256Schema, timestampSchema } from '../text.js';

export const splitConfigSchema = z
  .strictObject({
    trainFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.7)
      .describe('The share of the images that are trained on, between 0 and 1.'),
    validationFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.15)
      .describe('The share of the images that candidates are compared on, between 0 and 1.'),
    testFraction: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.15)
      .describe('The share of the images that models are scored on once, at the end, between 0 and 1.'),
    seed: seedSchema.default(0).describe('The seed that the division follows from.'),
  })
  .refine((split) => Math.abs(split.trainFraction + split.validationFraction + split.testFraction - 1) < 1e-9, {
    error: 'trainFraction + validationFraction + testFraction must be 1',
  })
  .meta({
    id: 'SplitConfig',
    description:
      'How images are divided; each class is divided in the same proportions (stratified). The fractions ' +
      'add up to 1.',
  });
export type SplitConfig = Readonly<z.infer<typeof splitConfigSchema>>;

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export const shardSchema = artifactSchema
  .extend({
    split: z.enum(SPLITS).describe('The part of the data that the images belong to.'),
    imageCount: z.int().positive().describe('The number of images in the shard.'),
  })
  .meta({
    id: 'Shard',
    description: 'Encoded images of one split, one after the other; the manifest says where each begins.',
  });
export type Shard = Readonly<z.infer<typeof shardSchema>>;

export const createDatasetSchema = z
  .strictObject({
    sourceUri: s3UriSchema.describe(
      'The images, as `s3://bucket/prefix`, in a layout that is known, such as one folder per class.',
    ),
    displayName: boundedText(128).optional().describe('The name that people read, at most 128 characters.'),
    split: splitConfigSchema.prefault({}).describe('How the images are divided.'),
  })
  .meta({ id: 'CreateDataset', description: 'A request to register a dataset and to import its first version.' });
export type CreateDataset = z.infer<typeof createDatasetSchema>;

export const splitCountsSchema = z
  .strictObject({
    train: z.int().min(0).describe('The number of training images.'),
    validation: z.int().min(0).describe('The number of validation images.'),
    test: z.int().min(0).describe('The number of test images.'),
  })
  .meta({ id: 'SplitCounts', description: 'The number of images in each split.' });
export type SplitCounts = Readonly<z.infer<typeof splitCountsSchema>>;

export const datasetClassSchema = z
  .strictObject({
    label: z.string().describe('The name of the class.'),
    index: z.int().min(0).describe('The position of the label in sorted order, from 0.'),
    imageCount: splitCountsSchema.describe('The number of images of the class, by split.'),
  })
  .meta({ id: 'DatasetClass', description: 'One class of a dataset version.' });
export type DatasetClass = Readonly<z.infer<typeof datasetClassSchema>>;

export const datasetIssueSchema = z
  .strictObject({
    code: z.string().describe('What was found, in a stable word.'),
    severity: z.enum(['INFO', 'WARN', 'ERROR']).describe('How much it matters.'),
    count: z.int().positive().describe('The number of times that it was found.'),
    samples: z
      .array(z.string())
      .readonly()
      .describe('Object keys that it was found at, or pairs of them as `key ~ key`, at most 20.'),
    hint: z.string().describe('What it means, and what to do about it.'),
  })
  .meta({ id: 'DatasetIssue', description: 'Something found in the images at import that does not stop it.' });
export type DatasetIssue = Readonly<z.infer<typeof datasetIssueSchema>>;

export const DATASET_VERSION_STATES = ['IMPORTING', 'ACTIVE', 'REJECTED'] as const;

export const datasetVersionSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `projects/{project}/datasets/{dataset}/versions/{number}`.'),
    number: z.int().positive().describe('The number of the version within its dataset, from 1.'),
    sourceUri: z.string().describe('The place that the images were imported from, as `s3://bucket/prefix`.'),
    split: splitConfigSchema.describe('How the images are divided.'),
    state: z
      .enum(DATASET_VERSION_STATES)
      .describe(
        'Where the import stands. IMPORTING: the images are being checked and packed. ACTIVE: jobs can use ' +
          'the version. REJECTED: the images cannot be used, and `error` says why.',
      ),
    digest: sha256Schema
      .optional()
      .describe('The SHA-256 of the manifest, in lower-case hexadecimal; present once ACTIVE.'),
    imageCount: z.int().min(0).describe('The number of images in all.'),
    sizeBytes: z.int().min(0).describe('The size of the images in all, in bytes.'),
    classes: z.array(datasetClassSchema).readonly().describe('The classes, in the order of their index.'),
    issues: z
      .array(datasetIssueSchema)
      .readonly()
      .describe('What was found in the images that did not stop the import.'),
    error: failureSchema.optional().describe('Why the images cannot be used; present when REJECTED.'),
    createTime: timestampSchema.describe('The time at which the version was created, RFC 3339 in UTC.'),
  })
  .meta({
    id: 'DatasetVersion',
    description: 'One frozen state of a dataset. It does not change once it has left IMPORTING.',
  });
export type DatasetVersion = Readonly<z.infer<typeof datasetVersionSchema>>;

/** A dataset version with what only the coordinator needs of it. */
export interface StoredDatasetVersion extends DatasetVersion {
  readonly project: string;
  readonly datasetId: string;
  /** One line per image; its SHA-256 is the version's digest. Present once ACTIVE. */
  readonly manifest?: Artifact;
  readonly shards: readonly Shard[];
}

export const datasetSchema = z
  .strictObject({
    name: z.string().describe('The resource name, `projects/{project}/datasets/{id}`.'),
    id: z.string().describe('The id of the dataset.'),
    displayName: z.string().describe('The name that people read.'),
    latestVersion: datasetVersionSchema.describe('The version that was imported last.'),
    createTime: timestampSchema.describe('The time at which the dataset was registered, RFC 3339 in UTC.'),
  })
  .meta({
    id: 'Dataset',
    description: 'Images that jobs can train on, under a name, with the versions that were imported of them.',
  });
export type Dataset = Readonly<z.infer<typeof datasetSchema>>;

import { z } from 'zod';
import { type Artifact, artifactSchema } from '../artifact.js';
import { s3UriSchema } from './dataset-reference.js';
import { failureSchema } from '../errors.js';
import { boundedText, seedSchema, sha256Schema, timestampSchema } from '../text.js';

/** How images are divided; each class is divided in the same proportions (stratified). */
export const splitConfigSchema = z
  .strictObject({
    trainFraction: z.number().gt(0).lt(1).default(0.7),
    validationFraction: z.number().gt(0).lt(1).default(0.15),
    testFraction: z.number().gt(0).lt(1).default(0.15),
    seed: seedSchema.default(0),
  })
  .refine((split) => Math.abs(split.trainFraction + split.validationFraction + split.testFraction - 1) < 1e-9, {
    error: 'trainFraction + validationFraction + testFraction must be 1',
  })
  .meta({ id: 'SplitConfig' });
export type SplitConfig = Readonly<z.infer<typeof splitConfigSchema>>;

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Encoded images of one split, one after the other; the manifest says where each begins. */
export const shardSchema = artifactSchema.extend({ split: z.enum(SPLITS), imageCount: z.int().positive() });
export type Shard = Readonly<z.infer<typeof shardSchema>>;

/** Body of `POST /datasets`: registers a dataset and imports its first version. */
export const createDatasetSchema = z
  .strictObject({
    sourceUri: s3UriSchema,
    displayName: boundedText(128).optional(),
    split: splitConfigSchema.prefault({}),
  })
  .meta({ id: 'CreateDataset' });
export type CreateDataset = z.infer<typeof createDatasetSchema>;

export const splitCountsSchema = z
  .strictObject({ train: z.int().min(0), validation: z.int().min(0), test: z.int().min(0) })
  .meta({ id: 'SplitCounts' });
export type SplitCounts = Readonly<z.infer<typeof splitCountsSchema>>;

/** One class of a dataset version; `index` is the position of its name in sorted order. */
export const datasetClassSchema = z
  .strictObject({ label: z.string(), index: z.int().min(0), imageCount: splitCountsSchema })
  .meta({ id: 'DatasetClass' });
export type DatasetClass = Readonly<z.infer<typeof datasetClassSchema>>;

/** Something found in the images at import that does not stop it. */
export const datasetIssueSchema = z
  .strictObject({
    code: z.string(),
    severity: z.enum(['INFO', 'WARN', 'ERROR']),
    count: z.int().positive(),
    /** Object keys, or pairs of them as `key ~ key`, at most 20. */
    samples: z.array(z.string()).readonly(),
    hint: z.string(),
  })
  .meta({ id: 'DatasetIssue' });
export type DatasetIssue = Readonly<z.infer<typeof datasetIssueSchema>>;

export const DATASET_VERSION_STATES = ['IMPORTING', 'ACTIVE', 'REJECTED'] as const;

/** One frozen state of a dataset. Immutable once it has left IMPORTING. */
export const datasetVersionSchema = z
  .strictObject({
    /** `projects/{project}/datasets/{dataset}/versions/{number}` */
    name: z.string(),
    number: z.int().positive(),
    sourceUri: z.string(),
    split: splitConfigSchema,
    state: z.enum(DATASET_VERSION_STATES),
    /** SHA-256 of the manifest; present once ACTIVE. */
    digest: sha256Schema.optional(),
    imageCount: z.int().min(0),
    sizeBytes: z.int().min(0),
    classes: z.array(datasetClassSchema).readonly(),
    issues: z.array(datasetIssueSchema).readonly(),
    /** Present when REJECTED. */
    error: failureSchema.optional(),
    createTime: timestampSchema,
  })
  .meta({ id: 'DatasetVersion' });
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
    /** `projects/{project}/datasets/{id}` */
    name: z.string(),
    id: z.string(),
    displayName: z.string(),
    latestVersion: datasetVersionSchema,
    createTime: timestampSchema,
  })
  .meta({ id: 'Dataset' });
export type Dataset = Readonly<z.infer<typeof datasetSchema>>;

import { z } from 'zod';
import { parseDatasetVersionName } from '../resource-names.js';
import { boundedText } from '../text.js';

/** Where images lie in object storage. */
export interface S3Location {
  readonly bucket: string;
  /** Without a slash at its start or end; empty for the whole bucket. */
  readonly prefix: string;
  /** What the caller wrote. */
  readonly uri: string;
}

const S3_URI = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/;

function s3Location(uri: string): S3Location | undefined {
  const [, bucket, prefix] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined || prefix === undefined) return undefined;
  return { bucket, prefix: prefix.replace(/^\/+|\/+$/g, ''), uri };
}

/** Reads a uri that was checked before it was stored. @throws {Error} when it was not. */
export function parseS3Uri(uri: string): S3Location {
  const location = s3Location(uri);
  if (location === undefined) throw new Error(`not an s3 uri: ${uri}`);
  return location;
}

/** Bucket and prefix of images, as `s3://bucket/prefix`. */
export const s3UriSchema = boundedText(1024)
  .regex(S3_URI, { error: 'must look like s3://bucket/prefix' })
  .transform(parseS3Uri);

/** The images of a job: some that are imported first, or a dataset version. */
export type DatasetReference =
  | ({ readonly kind: 'S3' } & S3Location)
  | {
      readonly kind: 'VERSION';
      readonly name: string;
      readonly project: string;
      readonly dataset: string;
      readonly number: number;
    };

function datasetReference(text: string): DatasetReference | undefined {
  const version = parseDatasetVersionName(text);
  if (version !== undefined) return { kind: 'VERSION', name: text, ...version };
  const location = s3Location(text);
  return location === undefined ? undefined : { kind: 'S3', ...location };
}

/** A dataset as a job names it: a version's name, or an `s3://bucket/prefix`. */
export const datasetReferenceSchema = boundedText(1024).transform((text, context): DatasetReference => {
  const reference = datasetReference(text);
  if (reference !== undefined) return reference;
  const message = 'must be s3://bucket/prefix or projects/{project}/datasets/{id}/versions/{number}';
  context.addIssue({ code: 'custom', message, input: text });
  return z.NEVER;
});

import { expect, it } from 'vitest';
import { datasetReferenceSchema, parseS3Uri, s3UriSchema } from './dataset-reference.js';
import { newId } from '../ids.js';
import { datasetVersionName } from '../resource-names.js';

it('reads a uri as bucket and prefix, and keeps what the caller wrote', () => {
  const uri = 's3://photos//flowers/small/';
  const location = { bucket: 'photos', prefix: 'flowers/small', uri };
  expect(datasetReferenceSchema.parse(uri)).toEqual({ kind: 'S3', ...location });
  expect(s3UriSchema.parse(uri)).toEqual(location);
  expect(parseS3Uri(uri)).toEqual(location);
});

it('reads the name of a version', () => {
  const dataset = newId('ds');
  const name = datasetVersionName('vision', dataset, 2);
  expect(datasetReferenceSchema.parse(name)).toEqual({ kind: 'VERSION', name, project: 'vision', dataset, number: 2 });
});

it.each(['photos/flowers', 's3://P/x', `projects/Vision/datasets/${newId('ds')}/versions/1`, ''])(
  'refuses %s',
  (text) => {
    const { error } = datasetReferenceSchema.safeParse(text);
    expect(error?.issues).toHaveLength(1);
    expect(s3UriSchema.safeParse(text).success).toBe(false);
  },
);

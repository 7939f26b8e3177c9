import { describe, expect, it } from 'vitest';
import { newId } from './ids.js';
import {
  baseModelName,
  datasetName,
  datasetVersionName,
  fineTuneJobName,
  modelVersionName,
  parseBaseModelName,
  parseDatasetVersionName,
  parseFineTuneJobName,
  parseModelVersionName,
  trialName,
} from './resource-names.js';

const job = newId('ftj');
const dataset = newId('ds');

describe('what is written is read', () => {
  it('of a fine-tune job', () => {
    expect(parseFineTuneJobName(fineTuneJobName('vision', job))).toEqual({ project: 'vision', job });
  });

  it('of a dataset version', () => {
    const name = datasetVersionName('vision', dataset, 12);
    expect(parseDatasetVersionName(name)).toEqual({ project: 'vision', dataset, number: 12 });
  });

  it('of a model version', () => {
    const name = modelVersionName('vision', 'ftj-1', 3);
    expect(parseModelVersionName(name)).toEqual({ project: 'vision', model: 'ftj-1', number: 3 });
  });

  it('of a base model', () => {
    expect(parseBaseModelName(baseModelName('lite0.imagenet'))).toBe('lite0.imagenet');
  });
});

it('names a part below the whole', () => {
  expect(trialName('vision', job, 'trl_1')).toBe(`projects/vision/fineTuneJobs/${job}/trials/trl_1`);
  expect(datasetVersionName('vision', dataset, 1)).toBe(`${datasetName('vision', dataset)}/versions/1`);
});

it.each([
  'projects/vision/fineTuneJobs/ftj_1',
  `projects/Vision/fineTuneJobs/${job}`,
  `projects/vision/fineTuneJobs/${job}/trials/trl_1`,
  `projects/vision/datasets/${dataset}`,
  `projects/vision/datasets/${dataset}/versions/0`,
  // I, L, O and U are in no id.
  'projects/vision/datasets/ds_ILOU0000000000000000000000/versions/1',
  'projects/vision/models/Flowers/versions/1',
  'lite0.imagenet',
])('reads nothing in %s', (name) => {
  expect(parseFineTuneJobName(name)).toBeUndefined();
  expect(parseDatasetVersionName(name)).toBeUndefined();
  expect(parseModelVersionName(name)).toBeUndefined();
  expect(parseBaseModelName(name)).toBeUndefined();
});

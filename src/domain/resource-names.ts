/** The names of resources as callers see them: each is written by one function, and read by one where anybody does. */
import { ID_CHARACTERS } from './ids.js';
import { PROJECT_ID } from './text.js';

export const fineTuneJobName = (project: string, job: string): string => `projects/${project}/fineTuneJobs/${job}`;

export const trialName = (project: string, job: string, trial: string): string =>
  `${fineTuneJobName(project, job)}/trials/${trial}`;

export const datasetName = (project: string, dataset: string): string => `projects/${project}/datasets/${dataset}`;

export const datasetVersionName = (project: string, dataset: string, number: number): string =>
  `${datasetName(project, dataset)}/versions/${number}`;

export const modelVersionName = (project: string, model: string, number: number): string =>
  `projects/${project}/models/${model}/versions/${number}`;

export const baseModelName = (baseModel: string): string => `${BASE_MODEL_PREFIX}${baseModel}`;

/** What `fineTuneJobName` writes. */
export const FINE_TUNE_JOB_NAME = new RegExp(`^projects/(${PROJECT_ID})/fineTuneJobs/(ftj_${ID_CHARACTERS})$`);

const DATASET_VERSION_NAME = new RegExp(
  `^projects/(${PROJECT_ID})/datasets/(ds_${ID_CHARACTERS})/versions/([1-9][0-9]{0,8})$`,
);

const MODEL_VERSION_NAME = new RegExp(
  `^projects/(${PROJECT_ID})/models/([a-z0-9][a-z0-9-]{0,62})/versions/([1-9][0-9]{0,8})$`,
);

const BASE_MODEL_PREFIX = 'baseModels/';

/** Reads the name of a fine-tune job; undefined when it is none. */
export function parseFineTuneJobName(name: string): { readonly project: string; readonly job: string } | undefined {
  const [, project, job] = FINE_TUNE_JOB_NAME.exec(name) ?? [];
  return project === undefined || job === undefined ? undefined : { project, job };
}

/** Reads the name of a dataset version; undefined when it is none. */
export function parseDatasetVersionName(
  name: string,
): { readonly project: string; readonly dataset: string; readonly number: number } | undefined {
  const [, project, dataset, number] = DATASET_VERSION_NAME.exec(name) ?? [];
  if (project === undefined || dataset === undefined || number === undefined) return undefined;
  return { project, dataset, number: Number(number) };
}

/** Reads the name of a model version; undefined when it is none. */
export function parseModelVersionName(
  name: string,
): { readonly project: string; readonly model: string; readonly number: number } | undefined {
  const [, project, model, number] = MODEL_VERSION_NAME.exec(name) ?? [];
  if (project === undefined || model === undefined || number === undefined) return undefined;
  return { project, model, number: Number(number) };
}

/** Reads the name of a base model, whatever its id looks like: a model of any other name does not exist. */
export const parseBaseModelName = (name: string): string | undefined =>
  name.startsWith(BASE_MODEL_PREFIX) ? name.slice(BASE_MODEL_PREFIX.length) : undefined;

import { finishJob } from '../../scripts/service/finish-job.mjs';
import { uploadImages } from '../../scripts/service/upload-images.mjs';
import { machine } from '../run.mjs';
import { importImages } from './import-images.mjs';
import { jobRequest } from './job-request.mjs';
import { estimateText } from './report.mjs';
import { imageCountsOf, resultOf } from './result.mjs';
import { splitOf } from './tasks.mjs';

/**
 * Measures all methods on a task, as a user would: images into a bucket, an estimate, a job.
 *
 * @param {import('./tasks.mjs').Task} task
 * @param {import('./arguments.mjs').Settings} settings
 * @param service As `withService` gives it.
 * @returns what `resultOf` gives.
 */
export async function measure(task, settings, { rest, s3 }) {
  console.log(`\n${task.name}: ${task.title}`);
  const sourceUri = await uploadImages(task.zipFile, task.name, s3);
  const version = await importImages(rest, { sourceUri, displayName: task.title, split: splitOf(task) });
  const { train, validation, test } = imageCountsOf(version);
  console.log(
    `${train} training, ${validation} validation and ${test} test images, ${version.classes.length} classes\n`,
  );
  const request = jobRequest(task, version.name, settings);
  console.log(`${estimateText(await rest.post('/fineTuneJobs/estimate', request))}\n`);
  const { id, result } = await finishJob(rest, request);
  const reported = result.scores.map(({ trial }) => rest.get(`/fineTuneJobs/${id}/trials/${trial.split('/').at(-1)}`));
  const trials = await Promise.all(reported);
  return resultOf({ task, request, machine: { ...machine(), node: process.version }, version, result, trials });
}

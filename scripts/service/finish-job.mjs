import { showProgress } from './progress.mjs';

/**
 * Starts a job, and shows how it gets on until it has ended.
 *
 * @param request Body of `POST /fineTuneJobs`.
 * @returns the job, which has succeeded.
 * @throws {Error} for any other end.
 */
export async function finishJob(rest, request) {
  const { id } = await rest.post('/fineTuneJobs', request);
  const job = await showProgress(rest, id);
  if (job.state === 'SUCCEEDED') return job;
  throw new Error(`the job ended as ${job.state}: ${job.error?.message ?? job.stopReason}`);
}

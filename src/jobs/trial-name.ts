/** A trial's name as callers see it. */
export const trialName = (project: string, jobId: string, id: string): string =>
  `projects/${project}/fineTuneJobs/${jobId}/trials/${id}`;

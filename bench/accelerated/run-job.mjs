import { setTimeout as sleep } from 'node:timers/promises';
import { finishJob } from '../../scripts/service/finish-job.mjs';
import { costsOf, rowsOf, searchCostOf } from './rows.mjs';
import { readTestReports } from './test-reports.mjs';

const POLL_MS = 200;

/**
 * Runs one job to its end.
 *
 * @param request Body of `POST /fineTuneJobs`.
 * @param service `rest` below the project, and what `readTestReports` wants.
 * @returns the parts of a unit that are the job's, the reports of its models, and the candidates of its search.
 */
export async function runJob(request, service) {
  const { rest } = service;
  const estimate = await rest.post('/fineTuneJobs/estimate', request);
  const { id, result, startTime, endTime } = await finishJob(rest, request);
  const trials = await trialsOf(rest, id);
  const { dataset: _dataset, displayName: _displayName, output: _output, ...settings } = request;
  return {
    unit: {
      settings,
      wallSeconds: (Date.parse(endTime) - Date.parse(startTime)) / 1000,
      searchMultiplyAccumulates: searchCostOf(trials),
      estimatedMultiplyAccumulates: estimate.cost.multiplyAccumulates,
      multiplyAccumulates: result.cost.multiplyAccumulates,
      costs: costsOf(result),
      delivered: result.method,
      rows: rowsOf(result, trials),
    },
    reports: await readTestReports(id, service),
  };
}

/**
 * Has one candidate of a search tried, without the finals: the job is cancelled once the candidate has its fitness. What the
 * finals had begun by then is in the wall time, and in no cost.
 *
 * @param request Of a search that tries one candidate.
 * @returns {Promise<{ fitness: number, multiplyAccumulates: number, wallSeconds: number }>}
 * @throws {Error} where the job ends without a fitness.
 */
export async function tryCandidate(request, { rest }) {
  const { id } = await rest.post('/fineTuneJobs', request);
  const tried = await waitFor(async () => {
    const trial = (await trialsOf(rest, id)).find(({ fitness }) => fitness !== undefined);
    if (trial === undefined && (await rest.get(`/fineTuneJobs/${id}`)).done) {
      throw new Error(`job ${id} ended before its candidate had a fitness`);
    }
    return trial;
  });
  await rest.post(`/fineTuneJobs/${id}/cancel`);
  const { startTime, endTime } = await waitFor(async () => {
    const job = await rest.get(`/fineTuneJobs/${id}`);
    return job.done ? job : undefined;
  });
  const wallSeconds = (Date.parse(endTime) - Date.parse(startTime)) / 1000;
  return { fitness: tried.fitness, multiplyAccumulates: tried.cost.multiplyAccumulates, wallSeconds };
}

/** All trials of a job, page by page. */
async function trialsOf(rest, id) {
  const trials = [];
  let pageToken = '';
  do {
    const page = await rest.get(`/fineTuneJobs/${id}/trials?pageSize=100${pageToken && `&pageToken=${pageToken}`}`);
    trials.push(...page.trials);
    pageToken = page.nextPageToken ?? '';
  } while (pageToken !== '');
  return trials;
}

async function waitFor(look) {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(POLL_MS);
  }
}

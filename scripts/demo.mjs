// The product from end to end on real input: `npm run demo`. Needs what scripts/setup.mjs has made ready.
// Ends with one line of JSON; everything before it is for people.
import { join } from 'node:path';
import { jobRequest, PROJECT } from './demo/job-request.mjs';
import { fetchModel } from './demo/fetch-model.mjs';
import { showProgress } from './demo/progress.mjs';
import { report } from './demo/report.mjs';
import { createRest } from './demo/rest.mjs';
import { startService } from './demo/service.mjs';
import { uploadFashionSmall } from './demo/upload.mjs';

const root = join(import.meta.dirname, '..');
const dataDir = join(root, '.data', 'demo');
const start = performance.now();

const service = startService(root, dataDir);
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (isInterrupted) return;
    isInterrupted = true;
    console.log('\nStopping everything that the demo has started …');
    void service.stop().then(() => process.exit(130));
  });
}

try {
  const { http, s3 } = await service.ready;
  const rest = createRest(`${http}/v1/projects/${PROJECT}`);
  await cancelUnfinished(rest);
  const dataset = await uploadFashionSmall(root, s3);
  const request = jobRequest(dataset);
  console.log(`POST /v1/projects/${PROJECT}/fineTuneJobs\n${JSON.stringify(request, null, 2)}\n`);
  const { id } = await rest.post('/fineTuneJobs', request);
  const job = await showProgress(rest, id);
  if (job.state !== 'SUCCEEDED')
    throw new Error(`the job ended as ${job.state}: ${job.error?.message ?? job.stopReason}`);
  const model = await fetchModel(rest, job.result.modelVersion, join(dataDir, 'models'));
  const baseModel = await rest.get(`/${job.spec.baseModel}`);
  report(job, baseModel, model, http);
  const wallSeconds = Math.round((performance.now() - start) / 1000);
  await service.stop();
  console.log(JSON.stringify(closingLine(job, model, wallSeconds)));
} catch (error) {
  if (!isInterrupted) {
    await service.stop();
    console.error(`\n${error instanceof Error ? error.message : String(error)}\n${service.lastLogLines()}`);
    process.exitCode = 1;
  }
}

/** A run that was interrupted left its job behind, which would go on now and take the workers of this one. */
async function cancelUnfinished(rest) {
  const { fineTuneJobs } = await rest.get('/fineTuneJobs?pageSize=100');
  for (const { id } of fineTuneJobs.filter(({ done }) => !done)) {
    console.log(`Cancelling job ${id} of an earlier run`);
    await rest.post(`/fineTuneJobs/${id}/cancel`);
  }
}

/** The result for programs. */
function closingLine({ id, state, result, progress }, model, wallSeconds) {
  const baselines = result.scores.filter(({ method }) => method !== 'BIOTUNE');
  return {
    job: id,
    state,
    testAccuracy: result.testAccuracy,
    baselines: Object.fromEntries(baselines.map(({ method, testAccuracy }) => [method, testAccuracy])),
    modelVersion: result.modelVersion,
    weights: model.weights.uri,
    sha256: model.weights.sha256,
    trialCount: progress.completedTrialCount,
    wallSeconds,
  };
}

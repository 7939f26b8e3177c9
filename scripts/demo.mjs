// The product from end to end on real input: `npm run demo`. Needs what scripts/setup.mjs has made ready.
// Ends with one line of JSON; everything before it is for people.
import { join } from 'node:path';
import { fetchModel } from './demo/fetch-model.mjs';
import { jobRequest, PROJECT } from './demo/job-request.mjs';
import { report } from './demo/report.mjs';
import { finishJob } from './service/finish-job.mjs';
import { uploadImages } from './service/upload-images.mjs';
import { withService } from './service/with-service.mjs';

const root = join(import.meta.dirname, '..');
const dataDir = join(root, '.data', 'demo');
const start = performance.now();

const done = await withService({ root, dataDir, project: PROJECT }, async ({ http, s3, rest }) => {
  const request = jobRequest(
    await uploadImages(join(root, 'assets/fashion-small/fashion-small.zip'), 'fashion-small', s3),
  );
  console.log(`POST /v1/projects/${PROJECT}/fineTuneJobs\n${JSON.stringify(request, null, 2)}\n`);
  const job = await finishJob(rest, request);
  const model = await fetchModel(rest, job.result.modelVersion, join(dataDir, 'models'));
  const baseModel = await rest.get(`/${job.spec.baseModel}`);
  report(job, baseModel, model, http);
  return { job, model, wallSeconds: Math.round((performance.now() - start) / 1000) };
});
if (done !== undefined) console.log(JSON.stringify(closingLine(done)));

/** The result for programs. */
function closingLine({ job: { id, state, result, progress }, model, wallSeconds }) {
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

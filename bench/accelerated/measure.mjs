import { uploadImages } from '../../scripts/service/upload-images.mjs';
import { importImages } from '../search/import-images.mjs';
import { imageCountsOf } from '../search/result.mjs';
import { ARMS } from './arms.mjs';
import { jobRequest } from './job-request.mjs';
import { peerSearch } from './peer-search.mjs';
import { runJob } from './run-job.mjs';
import { archiveOf, splitOf, TASKS } from './tasks.mjs';

/**
 * Measures units through one service. Images are imported once for each task and search seed.
 *
 * @param service As `withService` gives it, with `databaseUrl`.
 * @param {{ sizes: import('./arguments.mjs').Sizes, dataDir: string, madeDir: string }} settings
 */
export function unitMeasurer(service, { sizes, dataDir, madeDir }) {
  const versions = new Map();
  const versionOf = async (name, searchSeed) => {
    const key = `${name} ${searchSeed}`;
    if (!versions.has(key)) {
      const uri = await uploadImages(await archiveOf(name, { dataDir, madeDir }), name, service.s3);
      const request = { sourceUri: uri, displayName: key, split: splitOf(TASKS[name], searchSeed) };
      versions.set(key, await importImages(service.rest, request));
    }
    return versions.get(key);
  };
  /**
   * @param {import('./units.mjs').Unit} unit
   * @param {number | undefined} budget Multiply-accumulates of the accelerated search of the same seed, which a peer has too.
   */
  return async ({ arm, task, searchSeed }, budget) => {
    const start = performance.now();
    const version = await versionOf(task, searchSeed);
    const request = jobRequest({ dataset: version.name, task: TASKS[task], searchSeed }, ARMS[arm], sizes);
    const { blocks } = await service.rest.get('/baseModels/efficientnet-lite0.imagenet');
    const { unit, reports } =
      ARMS[arm].kind === 'PEER'
        ? await peerSearch(request, budget, blocks.length, service)
        : await runJob(request, service);
    return {
      facts: { task, imageCounts: imageCountsOf(version), classCount: version.classes.length, sizes },
      unit: { arm, searchSeed, unitSeconds: (performance.now() - start) / 1000, ...unit },
      reports,
    };
  };
}

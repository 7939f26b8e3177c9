import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { uploadImages } from '../../scripts/service/upload-images.mjs';
import { ROOT } from '../../scripts/setup/paths.mjs';
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

/** The command of a run without its folders, which are places on one machine. @param {readonly string[]} args */
export function commandOf(args) {
  const text = args
    .join(' ')
    .replace(/ *--(data|results)-dir[ =]\S+/g, '')
    .trim();
  return ['npm run bench:accelerated', ...(text === '' ? [] : ['--', text])].join(' ');
}

/** What a run was made by. @param {readonly string[]} args Of the command. */
export function runOf(args) {
  const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() },
    versions: {
      biotune: version,
      commit: git('rev-parse', '--short', 'HEAD'),
      isChanged: git('status', '--porcelain', '--untracked-files=no') !== '',
      node: process.version,
    },
    command: commandOf(args),
    date: new Date().toISOString().slice(0, 10),
  };
}

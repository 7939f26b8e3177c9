import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { platform } from './platform.mjs';
import { hashInputs } from './stamps.mjs';
import {
  RUNTIME_MEMBERS,
  addonSources,
  buildAddon,
  isAddonPresent,
  runtimeFolder,
  testAddon,
} from './tensorflow-addon.mjs';
import { WHEELS, downloadWheel, unpackWheel } from './wheel.mjs';

const ID = 'tensorflow';
const PACKAGE = '@tensorflow/tfjs-node';
const RUNTIME = runtimeFolder('2.19.1');

/**
 * The native TensorFlow under tfjs-node, for the CPU.
 *
 * @type {import('./progress.mjs').Step}
 */
export const tensorflow = {
  id: ID,
  title: 'TensorFlow 2.19.1 for Node',
  inputs: () => hashInputs(addonSources(PACKAGE), [platform, process.version.split('.')[0], WHEELS.tensorflow]),
  isPresent: () => isAddonPresent(PACKAGE),
  run: async (report) => {
    if (!existsSync(RUNTIME)) await unpackRuntime(report);
    await buildAddon(ID, PACKAGE, RUNTIME, report);
    report('self-test');
    return testAddon(ID, PACKAGE);
  },
};

/** @param {(detail: string) => void} report */
async function unpackRuntime(report) {
  const wheel = await downloadWheel(ID, WHEELS.tensorflow, report);
  report('unpacking, 0.75 GB');
  const partial = `${RUNTIME}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await unpackWheel(ID, wheel, RUNTIME_MEMBERS, partial);
  renameSync(join(partial, 'tensorflow'), RUNTIME);
  rmSync(partial, { recursive: true });
}

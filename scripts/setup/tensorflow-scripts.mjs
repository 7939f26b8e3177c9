import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { applyPatch } from './apply-patch.mjs';
import { ROOT } from './paths.mjs';
import { hashInputs } from './stamps.mjs';

/** Four calls of functions that Node 23 has removed from `node:util`, written without them. */
const PATCH = 'patches/@tensorflow+tfjs-node+4.22.0+newer-nodes.patch';
/** Both hold the same script. */
const FOLDERS = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'].map((name) => join('node_modules', name));
const SCRIPT = 'dist/nodejs_kernel_backend.js';
const STOCK = 'dist/nodejs_kernel_backend-stock.js';

/**
 * The JavaScript of tfjs-node, for Node 23 and later; other versions run it as well.
 *
 * @type {import('./progress.mjs').Step}
 */
export const tensorflowScripts = {
  id: 'tensorflow-scripts',
  title: 'TensorFlow.js on newer versions of Node',
  inputs: () =>
    hashInputs([PATCH, ...FOLDERS.flatMap((folder) => [join(folder, SCRIPT), join(folder, 'package.json')])]),
  isPresent: () => FOLDERS.every((folder) => existsSync(join(ROOT, folder, STOCK))),
  run: async () => {
    for (const folder of FOLDERS) patchScript(join(ROOT, folder));
  },
};

/** Starts from a copy of the stock script each time, so a patch that changed needs no new `npm ci`. @param {string} folder */
function patchScript(folder) {
  const [script, stock] = [join(folder, SCRIPT), join(folder, STOCK)];
  if (!existsSync(stock)) {
    copyFileSync(script, `${stock}.partial`);
    renameSync(`${stock}.partial`, stock);
  }
  // Removed first: the file may be a link to that of another checkout.
  rmSync(script, { force: true });
  copyFileSync(stock, script);
  applyPatch(join(ROOT, PATCH), folder);
}

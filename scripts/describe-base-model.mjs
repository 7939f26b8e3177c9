/**
 * Writes what follows from a network's definition and its weights into the base-model.json of a folder: blocks, counts,
 * size, hash. The rest of the file is written by hand. Run after `npm run build`:
 *
 *     node scripts/describe-base-model.mjs assets/efficientnet-lite0
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeNetwork } from '../dist/src/networks/describe-network.js';
import { networkByArchitecture } from '../dist/src/networks/registry.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('name the folder of a base model');
const file = join(folder, 'base-model.json');
const model = JSON.parse(readFileSync(file, 'utf8'));
const weights = readFileSync(join(folder, 'weights.safetensors'));
const network = networkByArchitecture(model.architecture);

const described = {
  ...model,
  inputSizePxMin: network.inputSizePxMin,
  ...describeNetwork(network, 1000),
  sizeBytes: weights.length,
  sha256: createHash('sha256').update(weights).digest('hex'),
};
writeFileSync(file, `${JSON.stringify(described, null, 2)}\n`);

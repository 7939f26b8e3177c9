// How fast the engine is beside TensorFlow for Python and torch: `npm run bench:engine`, after scripts/setup.mjs.
// Prints ratios, and puts them into bench/results/engine.json: what was measured replaces what was known of it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../scripts/setup/paths.mjs';
import { SetupError } from '../scripts/setup/run-command.mjs';
import { readArguments } from './engine/arguments.mjs';
import { writeInput } from './engine/input.mjs';
import { compare } from './engine/measure.mjs';
import { findPeers } from './engine/peers.mjs';
import { tableOf } from './engine/table.mjs';

const RESULTS = join(ROOT, 'bench/results/engine.json');

try {
  const { networks, modes, sampleCount } = readArguments(process.argv.slice(2));
  const peers = await findPeers();
  const measured = [];
  for (const network of networks) {
    writeInput(network);
    for (const mode of modes) {
      const comparisons = await compare(network, mode, peers, sampleCount);
      measured.push(...comparisons);
      save(network, mode, comparisons);
    }
  }
  console.log(`\nRatios: above 1, ours is faster (or smaller)\n\n${tableOf(measured)}`);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  // Processes that still wait for their next step would keep this one alive; they end with it.
  process.exit(1);
}

/** @param {import('./engine/measure.mjs').Comparison[]} comparisons All that there are of this network and mode. */
function save(network, mode, comparisons) {
  const known = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [];
  const others = known.filter((entry) => entry.network !== network || entry.mode !== mode);
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify([...others, ...comparisons], null, 2)}\n`);
}

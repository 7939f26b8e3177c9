// How fast the engine is beside TensorFlow for Python and torch: `npm run bench:engine`, after scripts/setup.mjs.
// Prints ratios, and puts them into bench/results/engine.json: what was measured replaces what was known of it.
import { SetupError } from '../scripts/setup/run-command.mjs';
import { readArguments } from './engine/arguments.mjs';
import { load, save, withComparisons } from './engine/files.mjs';
import { writeInput } from './engine/input.mjs';
import { compare } from './engine/measure.mjs';
import { findPeers } from './engine/peers.mjs';
import { tableOf } from './engine/table.mjs';
import { runOf } from './run.mjs';

try {
  const args = process.argv.slice(2);
  const { networks, modes, sampleCount } = readArguments(args);
  const run = runOf('bench:engine', args);
  const peers = await findPeers();
  const measured = [];
  for (const network of networks) {
    writeInput(network);
    for (const mode of modes) {
      const comparisons = await compare(network, mode, peers, sampleCount);
      measured.push(...comparisons);
      await save(withComparisons(load(), run, comparisons));
    }
  }
  console.log(`\nRatios: above 1, ours is faster (or smaller)\n\n${tableOf(measured)}`);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  // Processes that still wait for their next step would keep this one alive; they end with it.
  process.exit(1);
}

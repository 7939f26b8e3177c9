import { parseArgs } from 'node:util';
import { NETWORKS } from '../../dist/src/networks/registry.js';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { IMAGE_SIZE_PX, MODES } from './settings.mjs';

const USAGE = `usage: node bench/engine.mjs [--networks a,b] [--modes ${Object.keys(MODES).join(',')}] [--samples N]`;

/**
 * What to measure. Without `--networks`, everything in the registry; what has no builder in the peers is left out, with a
 * line that says so.
 *
 * @param {string[]} args
 * @throws {SetupError} for anything unknown.
 */
export function readArguments(args) {
  const registered = NETWORKS.map(({ architecture }) => architecture);
  const { networks, modes, samples } = parse(args);
  const chosen = listOf(networks, registered);
  for (const network of chosen) {
    if (!(network in IMAGE_SIZE_PX)) console.log(`- ${network}: left out, the peers have no builder for it`);
  }
  const sampleCount = Number(samples);
  if (!Number.isInteger(sampleCount) || sampleCount < 1) throw new SetupError(`--samples ${samples}\n${USAGE}`);
  return {
    networks: chosen.filter((network) => network in IMAGE_SIZE_PX),
    modes: listOf(modes, Object.keys(MODES)),
    sampleCount,
  };
}

function parse(args) {
  const options = {
    networks: { type: 'string' },
    modes: { type: 'string' },
    samples: { type: 'string', default: '15' },
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n${USAGE}`);
  }
}

/** @param {string | undefined} text @param {readonly string[]} known */
function listOf(text, known) {
  const names = text?.split(',') ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new SetupError(`unknown: ${unknown}; known: ${known.join(', ')}\n${USAGE}`);
  return names;
}

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { PYTHON } from '../../scripts/setup/platform.mjs';
import { runStep } from '../../scripts/setup/progress.mjs';
import { BENCH_PYTHON, pythonTensorFlow } from './python-tensorflow.mjs';

const file = (name) => join(ROOT, 'bench/engine', name);

/** @param {string} id @param {'TRACED' | 'EAGER' | 'CACHED'} variant @returns {import('./peer-process.mjs').Peer} */
const ours = (id, variant) => ({
  id,
  program: process.execPath,
  args: (settings) => [file('our-engine.mjs'), JSON.stringify(settings), variant],
});

/** A step on features of the frozen blocks that are kept, and one that computes them. */
export const CACHE_PEERS = [ours('ours, cached', 'CACHED'), ours('ours, not cached', 'TRACED')];

/**
 * Everything that can be asked for on this machine, the engine that the others are compared with first. What is missing
 * is left out, with a line that says so.
 */
export async function findPeers() {
  return [ours('ours, traced', 'TRACED'), ours('ours, eager', 'EAGER'), ...(await findTensorFlow()), ...findTorch()];
}

async function findTensorFlow() {
  // The wheel that setup has is for this version alone.
  const python = [PYTHON, 'python3.11'].find((program) =>
    runs(program, 'import sys, venv; assert sys.version_info[:2] == (3, 11)'),
  );
  if (python === undefined) {
    console.log('- tensorflow: left out, there is no Python 3.11 (with venv)');
    return [];
  }
  await runStep(pythonTensorFlow(python));
  return [pythonPeer('tensorflow', BENCH_PYTHON), pythonPeer('keras', BENCH_PYTHON, 'tensorflow_peer.py', 'keras')];
}

function findTorch() {
  const python = [PYTHON, 'python3', '/usr/bin/python3'].find((program) => runs(program, 'import torch'));
  if (python !== undefined) return [pythonPeer('torch', python)];
  console.log(
    '- torch: left out, no python3 can import it (Debian: apt-get install python3-torch python3-torchvision)',
  );
  return [];
}

/**
 * @param {string} id @param {string} program
 * @param {string} script Of this folder.
 * @param {string[]} rest What the script takes behind the settings.
 * @returns {import('./peer-process.mjs').Peer}
 */
function pythonPeer(id, program, script = `${id}_peer.py`, ...rest) {
  return { id, program, args: (settings) => ['-B', file(script), JSON.stringify(settings), ...rest] };
}

/** @param {string} program @param {string} script */
function runs(program, script) {
  return spawnSync(program, ['-c', script], { stdio: 'ignore' }).status === 0;
}

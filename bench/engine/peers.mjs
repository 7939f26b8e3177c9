import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { PYTHON } from '../../scripts/setup/platform.mjs';
import { runStep } from '../../scripts/setup/progress.mjs';
import { BENCH_PYTHON, pythonTensorFlow } from './python-tensorflow.mjs';

const file = (name) => join(ROOT, 'bench/engine', name);

/** @param {'TRACED' | 'EAGER'} execution @returns {import('./peer-process.mjs').Peer} */
const ours = (execution) => ({
  id: execution === 'TRACED' ? 'ours, traced' : EAGER,
  program: process.execPath,
  args: (settings) => [file('our-engine.mjs'), JSON.stringify(settings), execution],
});

/** Our engine without traced execution: a peer of the one that has it. */
export const EAGER = 'ours, eager';

/**
 * Everything that can be asked for on this machine, the engine that the others are compared with first. What is missing
 * is left out, with a line that says so.
 */
export async function findPeers() {
  return [ours('TRACED'), ours('EAGER'), ...(await findTensorFlow()), ...findTorch()];
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
  return [pythonPeer('tensorflow', BENCH_PYTHON)];
}

function findTorch() {
  const python = [PYTHON, 'python3', '/usr/bin/python3'].find((program) => runs(program, 'import torch'));
  if (python !== undefined) return [pythonPeer('torch', python)];
  console.log(
    '- torch: left out, no python3 can import it (Debian: apt-get install python3-torch python3-torchvision)',
  );
  return [];
}

/** @param {string} id @param {string} program @returns {import('./peer-process.mjs').Peer} */
function pythonPeer(id, program) {
  return { id, program, args: (settings) => ['-B', file(`${id}_peer.py`), JSON.stringify(settings)] };
}

/** @param {string} program @param {string} script */
function runs(program, script) {
  return spawnSync(program, ['-c', script], { stdio: 'ignore' }).status === 0;
}

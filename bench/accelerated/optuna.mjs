import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CACHE, ROOT } from '../../scripts/setup/paths.mjs';
import { platform, PYTHON } from '../../scripts/setup/platform.mjs';
import { runStep } from '../../scripts/setup/progress.mjs';
import { runCommand, SetupError } from '../../scripts/setup/run-command.mjs';
import { hashInputs } from '../../scripts/setup/stamps.mjs';

const ID = 'bench-optuna';
const FOLDER = join(CACHE, ID);
const OPTUNA_PYTHON = join(FOLDER, 'bin/python');
const REQUIREMENTS = 'bench/accelerated/requirements.txt';

/** @type {import('../../scripts/setup/progress.mjs').Step} */
const optuna = {
  id: ID,
  title: 'Optuna for Python',
  inputs: () => hashInputs([REQUIREMENTS], [platform]),
  isPresent: () => existsSync(OPTUNA_PYTHON),
  run: async (report) => {
    report('virtual environment');
    rmSync(FOLDER, { recursive: true, force: true });
    await runCommand(ID, PYTHON, ['-m', 'venv', FOLDER]);
    report('its dependencies');
    const pip = ['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
    await runCommand(ID, OPTUNA_PYTHON, [...pip, '-r', join(ROOT, REQUIREMENTS)], {
      hint: 'Is the Python package index reachable? pip uses the index, proxy and certificates of your pip configuration.',
    });
    const answer = await runCommand(ID, OPTUNA_PYTHON, ['-c', 'import optuna; print("Optuna", optuna.__version__)']);
    return answer.trim();
  },
};

/** Sets up Optuna, unless it is there. */
export const setUpOptuna = () => runStep(optuna);

/**
 * Starts a study of Optuna's TPE over the accelerated search's space.
 *
 * @param {number} seed @param {number} blockCount
 * @returns `ask`: the multipliers of the next candidate; `tell`: its fitness, lower is better; `stop`.
 * @throws {SetupError} where the study ends before it is stopped, with what it printed.
 */
export async function startOptuna(seed, blockCount) {
  const script = join(ROOT, 'bench/accelerated/tpe_peer.py');
  const child = spawn(OPTUNA_PYTHON, ['-B', script, JSON.stringify({ seed, blockCount })], { stdio: 'pipe' });
  const exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => undefined); // The end of the answers tells.
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value: line, done } = await answers.next();
    if (done) throw new SetupError(`Optuna ended (${await exited}):\n${stderr.slice(-2000)}`);
    return JSON.parse(line);
  };
  return {
    ask: async () => (await say({ ask: true })).lrMultipliers,
    tell: (fitness) => say({ fitness }),
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../../scripts/setup/paths.mjs';
import { platform } from '../../scripts/setup/platform.mjs';
import { runCommand } from '../../scripts/setup/run-command.mjs';
import { hashInputs } from '../../scripts/setup/stamps.mjs';
import { WHEELS, downloadWheel } from '../../scripts/setup/wheel.mjs';

const ID = 'bench-venv';
const FOLDER = join(CACHE, ID);
const REQUIREMENTS = 'bench/engine/requirements.txt';

/** The interpreter that can import TensorFlow. */
export const BENCH_PYTHON = join(FOLDER, 'bin/python');

/**
 * TensorFlow for Python from the wheel whose libraries our engine runs on, with pinned dependencies.
 *
 * @param {string} python A Python 3.11.
 * @returns {import('../../scripts/setup/progress.mjs').Step}
 */
export const pythonTensorFlow = (python) => ({
  id: ID,
  title: 'TensorFlow 2.19.1 for Python',
  inputs: () => hashInputs([REQUIREMENTS], [platform, WHEELS.tensorflow]),
  isPresent: () => existsSync(BENCH_PYTHON),
  run: async (report) => {
    const wheel = await downloadWheel(ID, WHEELS.tensorflow, report);
    report('virtual environment');
    rmSync(FOLDER, { recursive: true, force: true });
    await runCommand(ID, python, ['-m', 'venv', FOLDER]);
    report('its dependencies, and unpacking');
    const pip = ['-m', 'pip', 'install', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
    await runCommand(ID, BENCH_PYTHON, [...pip, '-r', REQUIREMENTS, wheel], {
      hint: 'Is the Python package index reachable? pip uses the index, proxy and certificates of your pip configuration.',
    });
    report('self-test');
    const answer = await runCommand(ID, BENCH_PYTHON, ['-c', 'import keras; print("Keras", keras.__version__)'], {
      env: { TF_CPP_MIN_LOG_LEVEL: '2', TF_ENABLE_ONEDNN_OPTS: '1' },
    });
    return answer.trim().split('\n').at(-1);
  },
});

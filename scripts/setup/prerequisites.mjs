import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { PYTHON, platform } from './platform.mjs';
import { SetupError } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';
import { WHEELS } from './wheel.mjs';

const COMPILERS = process.env['CXX'] ? [process.env['CXX']] : ['c++', 'g++', 'clang++'];

/** @type {import('./progress.mjs').Step} */
export const prerequisites = {
  id: 'prerequisites',
  title: 'Node, Python with pip, C++ compiler, make',
  inputs: () => hashInputs(['package.json'], [process.version, ...[PYTHON, ...COMPILERS, 'make'].map(findProgram)]),
  isPresent: () => true,
  run: async () => {
    checkNode();
    checkPlatform();
    requireProgram(findProgram(PYTHON), 'Python 3 is missing', 'python3 python3-pip', 'python');
    const pip = spawnSync(PYTHON, ['-m', 'pip', '--version']).status === 0;
    requireProgram(pip, `${PYTHON} has no pip`, 'python3-pip', 'python');
    requireProgram(COMPILERS.some(findProgram), 'A C++ compiler is missing', 'g++');
    requireProgram(findProgram('make'), 'make is missing', 'make');
  },
};

function checkNode() {
  /** @type {{ engines: { node: string } }} */
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, lowMajor, lowMinor, endMajor] = (/^>=(\d+)\.(\d+) <(\d+)$/.exec(engines.node) ?? []).map(Number);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (lowMajor === undefined || lowMinor === undefined || endMajor === undefined) {
    throw new Error(`package.json: engines.node is "${engines.node}", expected ">=A.B <C"`);
  }
  if (major < endMajor && (major > lowMajor || (major === lowMajor && minor >= lowMinor))) return;
  throw new SetupError(
    `Node ${engines.node} is needed and this is ${process.version}: install Node ${lowMajor}, e.g. "nvm install ${lowMajor}".`,
  );
}

function checkPlatform() {
  if (!(platform in WHEELS.tensorflow)) {
    const supported = Object.keys(WHEELS.tensorflow).join(', ');
    throw new SetupError(
      `Unsupported platform ${platform}: TensorFlow can be set up on ${supported}; use a container there.`,
    );
  }
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const report = process.report?.getReport() ?? {};
  if (process.platform !== 'linux' || report.header?.glibcVersionRuntime !== undefined) return;
  throw new SetupError(
    'Unsupported platform: TensorFlow and Postgres need glibc, so not Alpine; take a Debian-based system.',
  );
}

/** @param {unknown} isThere @param {string} what @param {string} debianPackages @param {string} [brewPackage] */
function requireProgram(isThere, what, debianPackages, brewPackage) {
  if (isThere) return;
  const macos = brewPackage ? `brew install ${brewPackage}` : 'xcode-select --install';
  const command = process.platform === 'darwin' ? macos : `sudo apt-get install -y ${debianPackages}`;
  throw new SetupError(`${what}: run "${command}".`);
}

/** @param {string} name @returns {string | undefined} its path */
function findProgram(name) {
  const folders = name.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

// The unit tests on another version of Node: npm run test:node -- <major> [arguments of vitest]. It uses what is set up already,
// also the addons, which were compiled for this version: their interface, N-API, is the same in all of them.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './setup/paths.mjs';
import { platform } from './setup/platform.mjs';
import { runCommand, SetupError } from './setup/run-command.mjs';

/** Holds the program of one platform, and has no install script. */
const PACKAGE = `node-${platform}`;

const [major = '', ...filters] = process.argv.slice(2);
try {
  if (!/^\d+$/.test(major))
    throw new SetupError('usage: npm run test:node -- <major version of Node> [arguments of vitest]');
  process.exitCode = await runVitest(await installNode(major), filters);
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}

/** @param {string} majorVersion @returns {Promise<string>} the program, of the newest version that the registry has. */
async function installNode(majorVersion) {
  const folder = join(CACHE, 'node', majorVersion);
  const program = join(folder, 'node_modules', PACKAGE, 'bin/node');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts'];
  if (!existsSync(program)) {
    await runCommand(
      `node-${majorVersion}`,
      'npm',
      ['install', '--prefix', folder, ...quiet, `${PACKAGE}@${majorVersion}`],
      {
        hint: `Is the npm registry reachable, and does it have a Node ${majorVersion} for ${platform}?`,
      },
    );
  }
  return program;
}

/** @param {string} node @param {readonly string[]} vitestArguments @returns {Promise<number>} its exit code. */
async function runVitest(node, vitestArguments) {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  console.log(await runCommand('test-node', node, ['-p', '`Node ${process.version}`']));
  const child = spawn(node, [vitest, 'run', '--project', 'unit', ...vitestArguments], { cwd: ROOT, stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

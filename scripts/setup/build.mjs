import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';

const ID = 'build';
const DIST = join(ROOT, 'dist');
const INPUTS = ['src', 'migrations', 'proto', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** @type {import('./progress.mjs').Step} */
export const build = {
  id: ID,
  title: 'build to dist/',
  inputs: () => hashInputs(INPUTS),
  isPresent: () => existsSync(join(DIST, 'src/main.js')),
  run: async () => {
    // Without its output the compiler's memory of the last build would make it write nothing.
    if (!build.isPresent()) rmSync(join(DIST, '.tsbuildinfo'), { force: true });
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await runCommand(ID, process.execPath, [compiler, '-p', 'tsconfig.build.json']);
    if (existsSync(DIST)) removeStale(DIST, ROOT);
  },
};

/** Removes what was compiled from files that are gone: a migration that was renamed would run twice. */
function removeStale(/** @type {string} */ compiled, /** @type {string} */ sources) {
  for (const name of readdirSync(compiled)) {
    const path = join(compiled, name);
    if (statSync(path).isDirectory()) removeStale(path, join(sources, name));
    else if (/\.js(\.map)?$/.test(name) && !existsSync(join(sources, name.replace(/\.js(\.map)?$/, '.ts'))))
      rmSync(path);
  }
}

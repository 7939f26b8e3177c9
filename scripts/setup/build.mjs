import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { runCommand } from './run-command.mjs';
import { hashInputs } from './stamps.mjs';

const ID = 'build';
const INPUTS = ['src', 'migrations', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** @type {import('./progress.mjs').Step} */
export const build = {
  id: ID,
  title: 'build to dist/',
  inputs: () => hashInputs(INPUTS),
  isPresent: () => existsSync(join(ROOT, 'dist/src/main.js')),
  run: async () => {
    await runCommand(ID, process.execPath, [join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js'), 'build']);
  },
};

// Makes a fresh clone ready to run: node scripts/setup.mjs [--only <step>]
// Runs before `npm ci`, so it uses nothing but Node itself. A step that is done already is skipped.
import { build } from './setup/build.mjs';
import { nodeModules } from './setup/node-modules.mjs';
import { prerequisites } from './setup/prerequisites.mjs';
import { runStep } from './setup/progress.mjs';
import { SetupError, clearLog } from './setup/run-command.mjs';
import { seaweedfs } from './setup/seaweedfs.mjs';
import { tensorflow } from './setup/tensorflow.mjs';

const STEPS = [prerequisites, nodeModules, tensorflow, seaweedfs, build];

try {
  for (const step of chosenSteps(process.argv.slice(2))) {
    clearLog(step.id);
    await runStep(step);
  }
} catch (error) {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
}

/** @param {readonly string[]} args */
function chosenSteps(args) {
  if (args.length === 0) return STEPS;
  const step = args[0] === '--only' && args.length === 2 ? STEPS.find(({ id }) => id === args[1]) : undefined;
  if (step) return [step];
  throw new SetupError(`usage: node scripts/setup.mjs [--only ${STEPS.map(({ id }) => id).join('|')}]`);
}

// Makes a fresh clone ready to run: node scripts/setup.mjs [--device <cpu|gpu> | --only <step>]
// Runs before `npm ci`, so it uses nothing but Node itself. A step that is done already is skipped.
import { build } from './setup/build.mjs';
import { nodeModules } from './setup/node-modules.mjs';
import { prerequisites } from './setup/prerequisites.mjs';
import { runStep } from './setup/progress.mjs';
import { SetupError, clearLog } from './setup/run-command.mjs';
import { seaweedfs } from './setup/seaweedfs.mjs';
import { tensorflowGpu } from './setup/tensorflow-gpu.mjs';
import { tensorflowScripts } from './setup/tensorflow-scripts.mjs';
import { tensorflow } from './setup/tensorflow.mjs';

/** By what TensorFlow shall run on; with a GPU also the CPU's, which the tests use. */
const STEPS = {
  cpu: [prerequisites, nodeModules, tensorflowScripts, tensorflow, seaweedfs, build],
  gpu: [prerequisites, nodeModules, tensorflowScripts, tensorflow, tensorflowGpu, seaweedfs, build],
};

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
  if (args.length === 0) return STEPS.cpu;
  const [option, value, ...others] = args;
  if (others.length === 0 && option === '--device' && (value === 'cpu' || value === 'gpu')) return STEPS[value];
  const step = STEPS.gpu.find(({ id }) => id === value);
  if (others.length === 0 && option === '--only' && step !== undefined) return [step];
  const ids = STEPS.gpu.map(({ id }) => id).join('|');
  throw new SetupError(`usage: node scripts/setup.mjs [--device cpu|gpu | --only ${ids}]`);
}

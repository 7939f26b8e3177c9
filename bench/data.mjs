// Which share of an epoch the training loop waits for its images: `npm run bench:data`, after scripts/setup.mjs. Beside it
// the share that the same reading takes when the loop does it itself. Fails when the loop waits longer than it may.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../scripts/setup/paths.mjs';
import { SETTINGS, WAITED_SHARE_MAX } from './data/settings.mjs';
import { PEER_ENVIRONMENT } from './engine/settings.mjs';

const PROGRAM = join(ROOT, 'bench/data/train-epochs.mjs');
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const shares = (epochs) => epochs.map(({ waitedShare }) => percent(waitedShare)).join(', ');
const seconds = (epochs) => epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);

console.log(`EfficientNet-Lite0, everything trained: share of an epoch spent waiting for images, one figure an epoch`);
for (const setting of SETTINGS) {
  const { thread, loop } = epochsOf(setting);
  const { imageSizePx, augmentation } = setting;
  console.log(`${imageSizePx} px, augmentation ${augmentation}`);
  console.log(`    prepared on a thread: ${shares(thread)} (at most ${percent(WAITED_SHARE_MAX)})`);
  console.log(`    read in the loop:     ${shares(loop)}`);
  console.log(`    time of an epoch, in the loop over on a thread: ${(seconds(loop) / seconds(thread)).toFixed(2)}`);
  if (thread.every(({ waitedShare }) => waitedShare > WAITED_SHARE_MAX)) process.exitCode = 1;
}

/**
 * A process of its own for each setting, because TensorFlow reads the environment once.
 *
 * @param {import('./data/settings.mjs').Setting} setting
 * @returns {{ thread: import('./data/waiting.mjs').Epoch[], loop: import('./data/waiting.mjs').Epoch[] }}
 */
function epochsOf(setting) {
  const env = { ...process.env, ...PEER_ENVIRONMENT };
  const output = execFileSync(process.execPath, [PROGRAM, JSON.stringify(setting)], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { clock } from './figures.mjs';

const BAR_WIDTH = 24;

const bar = (percent) => '█'.repeat(Math.round((percent / 100) * BAR_WIDTH)).padEnd(BAR_WIDTH, '░');

/** One line: phase, generation, trials done of total, best fitness so far, estimated time left. */
function line({ state, progress, best }) {
  const { percent, phase = state, generation, generationCount, completedTrialCount, trialCount } = progress;
  return [
    `${bar(percent)} ${percent.toFixed(0).padStart(3)} %`,
    phase.toLowerCase(),
    `generation ${generation} of ${generationCount}`,
    `trials ${completedTrialCount} of ${trialCount}`,
    `best fitness ${best === undefined ? '–' : best.fitness.toFixed(4)}`,
    `left ${clock(progress.estimatedRemainingSeconds)}`,
  ].join(' · ');
}

/** Shows a job until it has ended: one live line on a terminal, else a line whenever something has changed. */
export async function showProgress(rest, id) {
  const isTerminal = process.stdout.isTTY === true;
  let shown = '';
  for (;;) {
    const job = await rest.get(`/fineTuneJobs/${id}`);
    const text = line(job);
    const key = isTerminal ? text : `${job.progress.phase}${job.progress.completedTrialCount}${job.state}`;
    if (key !== shown) process.stdout.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
    shown = key;
    if (job.done) {
      process.stdout.write('\n');
      return job;
    }
    await sleep(500);
  }
}

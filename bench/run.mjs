import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../scripts/setup/paths.mjs';

/**
 * What figures were made by.
 *
 * @typedef {object} Run
 * @property {{ cpu: string, cores: number }} machine
 * @property {{ biotune: string, commit: string, isChanged: boolean, node: string }} versions `isChanged` says that files differed
 *   from the commit.
 * @property {string} command
 * @property {string} date As YYYY-MM-DD.
 */

/**
 * Says what this process makes figures by.
 *
 * @param {string} script Of package.json.
 * @param {readonly string[]} args Of the command.
 * @returns {Run}
 */
export function runOf(script, args) {
  const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    machine: machine(),
    versions: {
      biotune: version,
      commit: git('rev-parse', '--short', 'HEAD'),
      isChanged: git('status', '--porcelain', '--untracked-files=no') !== '',
      node: process.version,
    },
    command: commandOf(script, args),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The machine that this process runs on. */
export const machine = () => ({ cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism() });

/** The command without its folders, which are places on one machine. */
export function commandOf(script, args) {
  const text = args
    .join(' ')
    .replace(/ *--(data|results)-dir[ =]\S+/g, '')
    .trim();
  return [`npm run ${script}`, ...(text === '' ? [] : ['--', text])].join(' ');
}

/** Lists runs in Markdown. @param {readonly Run[]} runs */
export function runsText(runs) {
  const lines = runs.map(({ machine, versions, command, date }) => {
    const changed = versions.isChanged ? ', with changes' : '';
    return `- ${date}, ${machine.cpu}, ${machine.cores} cores, commit ${versions.commit}${changed}, Node ${versions.node}: \`${command}\``;
  });
  return ['Measured by:', '', ...lines].join('\n');
}

/**
 * Finds a run among those that are known, and adds it where it is not there yet.
 *
 * @param {readonly Run[]} runs
 * @param {Run} run
 * @returns {{ runs: readonly Run[], index: number }} The index is the run's place.
 */
export function withRun(runs, run) {
  const index = runs.findIndex((other) => JSON.stringify(other) === JSON.stringify(run));
  return index < 0 ? { runs: [...runs, run], index: runs.length } : { runs, index };
}

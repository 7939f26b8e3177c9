import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './paths.mjs';

const LINE_COUNT_SHOWN = 40;

/** A failure that the person at the terminal can act on: its message is all that is shown. */
export class SetupError extends Error {}

/**
 * Runs a program. Its output goes to `.cache/logs/<step>.log` and is shown only when it fails.
 *
 * @param {string} step
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, hint?: string }} [options] hint: what to do when it fails.
 * @returns {Promise<string>} what it printed, both streams.
 */
export async function runCommand(step, program, args, { cwd = ROOT, env = {}, hint } = {}) {
  const folder = join(CACHE, 'logs');
  const logFile = join(folder, `${step}.log`);
  mkdirSync(folder, { recursive: true });
  appendFileSync(logFile, `$ ${program} ${args.join(' ')}\n`);
  let output = '';
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => {
      output += chunk;
      appendFileSync(logFile, chunk);
    });
  }
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  if (end === 0) return output;
  const shown = output.trimEnd().split('\n').slice(-LINE_COUNT_SHOWN).join('\n');
  const advice = hint === undefined ? '' : `\n\n${hint}`;
  throw new SetupError(
    `"${program} ${args.join(' ')}" failed (${end}):\n${shown}\n\nwhole output: ${logFile}${advice}`,
  );
}

/** Starts a step's log afresh. @param {string} step */
export function clearLog(step) {
  rmSync(join(CACHE, 'logs', `${step}.log`), { force: true });
}

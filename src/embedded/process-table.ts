import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLISECONDS = 50;

/** Gives the command line of a living process with its arguments; undefined when there is no such process. */
export function commandLineOf(pid: number): string | undefined {
  if (startTimeOf(pid) === undefined) return undefined;
  if (process.platform !== 'linux') return ps(pid, 'command');
  return readProc(pid, 'cmdline')?.replaceAll('\0', ' ');
}

/** Gives when a living process started, in a form that only serves to compare: a pid alone is soon used again. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  const stat = readProc(pid, 'stat');
  // proc(5): the command name may hold spaces and parentheses; after it come state (field 3) … start time (field 22).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended, unless threads of it (field 20) still hold its ports.
  return fields?.[0] === 'Z' && Number(fields[17]) <= 1 ? undefined : fields?.[19];
}

/** Asks a process to end, and kills it when it is still there after the grace. Returns once it is gone. */
export async function endProcess(pid: number, signal: NodeJS.Signals, graceSeconds: number): Promise<void> {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) return;
  const isGone = () => startTimeOf(pid) !== startTime;
  sendSignal(pid, signal);
  if (await becomesTrue(isGone, graceSeconds)) return;
  sendSignal(pid, 'SIGKILL');
  if (!(await becomesTrue(isGone, 10))) throw new Error(`process ${pid} did not end after SIGKILL`);
}

/** Sends a signal; a process that has ended meanwhile is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (startTimeOf(pid) !== undefined) throw error;
  }
}

async function becomesTrue(condition: () => boolean, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, column: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() || undefined : undefined;
}

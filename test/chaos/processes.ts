import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendSignal, startTimeOf } from '../../src/embedded/process-table.js';

/** The living processes that `pid` has started, oldest number first (Linux). */
export function childrenOf(pid: number): number[] {
  return allPids().filter((candidate) => parentOf(candidate) === pid && startTimeOf(candidate) !== undefined);
}

/** Stops a process until what this gives is called; another process that has got its number by then is left alone. */
export function stopProcess(pid: number): () => void {
  const startTime = startTimeOf(pid);
  sendSignal(pid, 'SIGSTOP');
  return () => {
    if (startTime !== undefined && startTimeOf(pid) === startTime) sendSignal(pid, 'SIGCONT');
  };
}

/** Ends the processes that were given this text in their environment, unless they end by themselves. @returns how many did not. */
export async function endLeftovers(text: string, graceSeconds: number): Promise<number> {
  const deadline = performance.now() + graceSeconds * 1000;
  for (;;) {
    const left = allPids().filter((pid) => startTimeOf(pid) !== undefined && readProc(pid, 'environ').includes(text));
    if (left.length > 0 && performance.now() < deadline) {
      await sleep(200);
      continue;
    }
    for (const pid of left) sendSignal(pid, 'SIGKILL');
    return left.length;
  }
}

const allPids = () => readdirSync('/proc').map(Number).filter(Number.isInteger);

function parentOf(pid: number): number {
  const stat = readProc(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Empty when the process has ended. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

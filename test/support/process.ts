import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');

export interface RunningRole {
  readonly pid: number;
  /** Everything that the process has written so far, both streams. */
  logs(): string;
  /** Fulfils when the process has ended, however it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends a signal to this process only and waits for its end. Default: SIGKILL, as a crash would. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export interface RoleOptions {
  readonly role: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The role is ready when this answers with a 2xx status. Default: do not wait. */
  readonly readyUrl?: string;
  readonly readySecondsMax?: number;
}

/** Starts a role of the built service (`npm run build` first) and waits until it is ready. */
export async function startRole({ role, env, readyUrl, readySecondsMax = 60 }: RoleOptions): Promise<RunningRole> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build"`);
  const running = startProcess([MAIN, role], env);
  if (readyUrl !== undefined) await waitForUrl(readyUrl, running, readySecondsMax);
  return running;
}

/** Starts Node with these arguments and collects what it writes. */
export function startProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningRole {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${process.execPath}`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const ended = new Promise<Awaited<RunningRole['ended']>>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    child.kill(signal);
    await ended;
  };
  return { pid, logs: () => output, ended, kill };
}

/** Waits until the process has written something that matches, and returns the match. */
export async function waitForLog(running: RunningRole, pattern: RegExp, secondsMax = 60): Promise<RegExpExecArray> {
  await pollWhileRunning(running, secondsMax, `write ${pattern}`, () => pattern.test(running.logs()));
  const match = pattern.exec(running.logs());
  if (match === null) throw new Error('no match');
  return match;
}

async function waitForUrl(url: string, running: RunningRole, secondsMax: number): Promise<void> {
  await pollWhileRunning(running, secondsMax, `answer at ${url}`, () =>
    fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.ok,
      () => false,
    ),
  );
}

/** Fails with the process's output when it ends first or takes too long; kills it in the latter case. */
async function pollWhileRunning(
  running: RunningRole,
  secondsMax: number,
  what: string,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + secondsMax * 1000;
  let end: Awaited<RunningRole['ended']> | undefined;
  void running.ended.then((how) => (end = how));
  while (!(await isDone())) {
    if (end !== undefined) throw new Error(`ended (${end.code ?? end.signal}) and did not ${what}\n${running.logs()}`);
    if (performance.now() > deadline) {
      await running.kill();
      throw new Error(`did not ${what} in ${secondsMax} s\n${running.logs()}`);
    }
    await sleep(50);
  }
}

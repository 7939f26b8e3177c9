import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');
const RESTART_DELAY_MS = 1_000;
const STOP_GRACE_MS = 60_000;
const READY_SECONDS_MAX = 60;

export interface KeptRoleSettings {
  readonly role: 'api' | 'coordinator';
  readonly environment: NodeJS.ProcessEnv;
  /** Both streams of every process, one after the other. */
  readonly logFile: string;
  /** Answers 2xx when the role is ready. */
  readonly readyUrl: string;
}

/** A role of the built service that is started again a second after it has ended, as Kubernetes would. */
export class KeptRole {
  /** Processes that were started after the first. */
  restartCount = 0;
  private child: ChildProcess;
  private isKept = true;
  private ended: Promise<void> = Promise.resolve();

  constructor(private readonly settings: KeptRoleSettings) {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build"`);
    this.child = this.start();
    process.once('exit', () => this.child.kill('SIGKILL'));
  }

  /** Undefined while there is none. */
  get pid(): number | undefined {
    return this.child.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  async waitUntilReady(): Promise<void> {
    const deadline = performance.now() + READY_SECONDS_MAX * 1000;
    for (;;) {
      const answer = await fetch(this.settings.readyUrl, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (answer?.ok === true) return;
      if (performance.now() > deadline) {
        throw new Error(`not ready after ${READY_SECONDS_MAX} s, see ${this.settings.logFile}`);
      }
      await sleep(100);
    }
  }

  /** @returns whether it ended by itself; it is killed after a minute. */
  async stop(): Promise<boolean> {
    this.isKept = false;
    let wasKilled = false;
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => (wasKilled = this.child.kill('SIGKILL')), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(kill);
    return !wasKilled;
  }

  private start(): ChildProcess {
    const { role, environment, logFile } = this.settings;
    const output = openSync(logFile, 'a');
    // By the channel it notices when this process is gone, however it went.
    const child = fork(MAIN, [role], { env: environment, execArgv: [], stdio: ['ignore', output, output, 'ipc'] });
    closeSync(output);
    this.ended = new Promise((resolve) => {
      child.once('exit', () => {
        resolve();
        if (this.isKept) setTimeout(() => this.restart(), RESTART_DELAY_MS);
      });
    });
    return child;
  }

  private restart(): void {
    if (!this.isKept) return;
    this.restartCount += 1;
    this.child = this.start();
  }
}

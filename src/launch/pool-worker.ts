import { type ChildProcess, fork } from 'node:child_process';
import { LifeWatch } from './sign-of-life.js';

/** How a worker process ended: by itself or by a signal. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly livedMs: number;
}

export interface PoolWorkerSettings {
  /** The program's main file. */
  readonly entry: string;
  /** The whole environment of the process; nothing is inherited. */
  readonly environment: NodeJS.ProcessEnv;
  readonly onExit: (exit: WorkerExit) => void;
  /** Called before a worker that shows no sign of life is killed. */
  readonly onFrozen: () => void;
}

/** How long a worker may take to hand its task back. */
const STOP_GRACE_MS = 20_000;

/**
 * One worker process. Its IPC channel is kept so that it notices when this process is gone, and for its signs of life:
 * one that is frozen is killed.
 */
export class PoolWorker {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  constructor({ entry, environment, onExit, onFrozen }: PoolWorkerSettings) {
    const startedAtMs = performance.now();
    this.child = fork(entry, ['worker'], { env: environment, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
    const watch = new LifeWatch(() => {
      onFrozen();
      this.child.kill('SIGKILL');
    });
    this.child.on('message', () => watch.noteSign());
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        watch.end();
        onExit({ code, signal, livedMs: performance.now() - startedAtMs });
        resolve();
      };
      this.child.once('exit', end);
      // 'exit' does not come for a process that could not be started.
      this.child.on('error', () => this.child.pid === undefined && end(null, null));
    });
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Lets the worker hand its task back, then kills it; resolves when it is gone. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const kill = setTimeout(() => this.child.kill('SIGKILL'), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(kill);
  }
}

import { availableParallelism } from 'node:os';
import { environmentOf, type TrainersConfig } from '../config/config.js';
import type { Logger } from '../observability/logger.js';
import { PoolWorker, type WorkerExit } from './pool-worker.js';
import type { SystemEnvironment } from '../config/system-environment.js';

export interface ProcessPoolSettings {
  /** The number of worker processes at most, over all scopes. */
  readonly workerCountMax: number;
  /** The program's main file; it is started with the role `worker`. */
  readonly entry: string;
  readonly workerCacheDir: string;
  readonly workerCacheMibMax: number;
  readonly trainers: TrainersConfig;
  readonly logLevel: string;
  readonly systemEnvironment: SystemEnvironment;
  readonly logger: Logger;
}

/** Workers for one scope: a fine-tuning job, or the import of one dataset version. */
export interface WorkerRequest {
  readonly scope: string;
  readonly workerCount: number;
  /** The threads of TensorFlow's operators in each worker, where a training has fixed them; else the cores are shared out. */
  readonly threadCount?: number;
  /** Makes the token that binds a worker to the scope; it is made when the worker starts, since it expires. */
  readonly mintToken: () => string;
  /** host:port of WorkerService. */
  readonly coordinatorAddress: string;
}

interface Scope {
  readonly request: WorkerRequest;
  /** The number of crashes since a worker lived for a while. */
  readonly crashCount: number;
  /** No worker is started before this time, on the clock of `performance.now()`. */
  readonly notBeforeMs: number;
}

const RESTART_DELAY_MS_MAX = 30_000;
/** A worker that lived this long did not crash because of how it was started. */
const SETTLED_MS = 60_000;

/** Runs workers as child processes of this one, for as long as their scopes are wanted. Lost with this process. */
export class ProcessPool {
  private readonly scopes = new Map<string, Scope>();
  private readonly workers = new Map<PoolWorker, string>();
  private refill: NodeJS.Timeout | undefined;
  /** The worker that is being stopped to make room. */
  private leaving: PoolWorker | undefined;

  constructor(private readonly settings: ProcessPoolSettings) {}

  /**
   * Wants `workerCount` workers for a scope from now on; the same request again changes nothing.
   *
   * The pool starts as many workers as the bound allows, and more as soon as others end. One that crashed, or was frozen and so
   * killed, is started again, after a wait that doubles; one that ended well found no work left, so the scope gets no
   * more until the next call.
   */
  ensureWorkers(request: WorkerRequest): void {
    const { crashCount, notBeforeMs } = this.scopes.get(request.scope) ?? { crashCount: 0, notBeforeMs: 0 };
    this.scopes.set(request.scope, { request, crashCount, notBeforeMs });
    this.fill();
  }

  /** Ends a scope's workers: SIGTERM, then SIGKILL after 20 s. Resolves when they are gone. */
  async stopWorkers(scope: string): Promise<void> {
    this.scopes.delete(scope);
    const workers = [...this.workers].filter(([, workerScope]) => workerScope === scope);
    await Promise.all(workers.map(([worker]) => worker.stop()));
  }

  /** Ends every worker, and starts no more until the next call of `ensureWorkers`. */
  async stopAll(): Promise<void> {
    this.scopes.clear();
    clearTimeout(this.refill);
    await Promise.all([...this.workers.keys()].map((worker) => worker.stop()));
  }

  /**
   * Starts what is wanted, allowed and not waiting; looks again when a wait ends. A scope without a worker comes first,
   * and where the bound is reached, one that has several gives one up for it: its task is handed back, at no fault.
   */
  private fill(): void {
    clearTimeout(this.refill);
    const now = performance.now();
    const lacking = [...this.scopes.values()].filter(
      ({ request }) => this.countOf(request.scope) < request.workerCount,
    );
    const ready = lacking.filter(({ notBeforeMs }) => notBeforeMs <= now).map(({ request }) => request);
    const unserved = ready.filter(({ scope }) => this.countOf(scope) === 0);
    for (const request of unserved) if (this.hasRoom()) this.start(request);
    for (const request of ready) {
      while (this.hasRoom() && this.countOf(request.scope) < request.workerCount) this.start(request);
    }
    if (unserved.some(({ scope }) => this.countOf(scope) === 0)) this.makeRoom();
    const waits = lacking.flatMap(({ notBeforeMs }) => (notBeforeMs > now ? [notBeforeMs - now] : []));
    // A request from outside keeps this process alive, not this timer.
    if (waits.length > 0) this.refill = setTimeout(() => this.fill(), Math.min(...waits)).unref();
  }

  private hasRoom(): boolean {
    return this.workers.size < this.settings.workerCountMax;
  }

  /** Ends one worker of the scope that has most of them, if that has more than one; one at a time. */
  private makeRoom(): void {
    if (this.leaving !== undefined) return;
    const scopes = [...this.workers.values()].sort((a, b) => this.countOf(b) - this.countOf(a));
    const [largest] = scopes;
    if (largest === undefined || this.countOf(largest) < 2) return;
    const [worker] = [...this.workers].find(([, scope]) => scope === largest) ?? [];
    this.leaving = worker;
    void worker?.stop();
  }

  private start(request: WorkerRequest): void {
    const { entry, logger } = this.settings;
    const onExit = (exit: WorkerExit) => {
      this.workers.delete(worker);
      logger.info({ scope: request.scope, pid: worker.pid, ...exit }, 'worker ended');
      if (worker === this.leaving) this.leaving = undefined;
      else this.noteExit(request.scope, exit);
      this.fill();
    };
    const onFrozen = () => logger.warn({ scope: request.scope, pid: worker.pid }, 'worker frozen');
    const worker = new PoolWorker({ entry, environment: this.environmentOf(request), onExit, onFrozen });
    this.workers.set(worker, request.scope);
    logger.info({ scope: request.scope, pid: worker.pid }, 'worker started');
  }

  private noteExit(scopeName: string, { code, livedMs }: WorkerExit): void {
    const scope = this.scopes.get(scopeName);
    if (scope === undefined) return;
    if (code === 0) {
      this.scopes.set(scopeName, { ...scope, request: { ...scope.request, workerCount: 0 } });
      return;
    }
    const crashCount = livedMs > SETTLED_MS ? 1 : scope.crashCount + 1;
    const delayMs = Math.min(RESTART_DELAY_MS_MAX, 500 * 2 ** Math.min(crashCount - 1, 10));
    this.scopes.set(scopeName, { ...scope, crashCount, notBeforeMs: performance.now() + delayMs });
  }

  /** The machine's variables and what a worker reads; no credentials of stores. */
  private environmentOf({ workerCount, threadCount, mintToken, coordinatorAddress }: WorkerRequest): NodeJS.ProcessEnv {
    const { workerCountMax, workerCacheDir, workerCacheMibMax, trainers, logLevel, systemEnvironment } = this.settings;
    // By the workers that are wanted, not by those that run, so that all of a scope get the same.
    const share = Math.max(1, Math.floor(availableParallelism() / Math.min(workerCount, workerCountMax)));
    return {
      ...systemEnvironment,
      ...environmentOf(trainers),
      COORDINATOR_ADDRESS: coordinatorAddress,
      WORKER_TOKEN: mintToken(),
      WORKER_CACHE_DIR: workerCacheDir,
      WORKER_CACHE_MIB_MAX: String(workerCacheMibMax),
      WORKER_THREAD_COUNT: String(threadCount ?? share),
      LOG_LEVEL: logLevel,
    };
  }

  private countOf(scope: string): number {
    return [...this.workers.values()].filter((workerScope) => workerScope === scope).length;
  }
}

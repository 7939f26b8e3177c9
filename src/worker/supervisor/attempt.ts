import { failureOf } from '../../domain/errors.js';
import { isFinal } from '../../domain/reasons.js';
import {
  contentOf,
  taskKind,
  type TaskKind,
  taskResultSchema,
  type TaskOutcome,
  type TaskResult,
  type TaskSpec,
  taskSpecSchema,
} from '../../domain/task.js';
import type { Logger } from '../../observability/logger.js';
import type { ArtifactCache } from './artifact-cache.js';
import type { LeaseTaskAnswer } from './control-answers.js';
import { type ControlClient, type Lease, LeaseLostError } from './control-client.js';
import { keepLease, type StopReason } from './heartbeat.js';
import { runImport } from './run-import.js';
import type { SplitFiles } from './split-files.js';
import type { AttemptContext } from './attempt-context.js';
import type { TrainerChild } from './trainer-child.js';
import { runSoup } from './run-soup.js';
import { runScoring, runTraining } from './run-training.js';
import { Transfers } from './transfers.js';

/** What a worker has, whichever task it works on. */
export interface WorkerParts {
  readonly control: ControlClient;
  readonly cache: ArtifactCache;
  readonly splitFiles: SplitFiles;
  readonly trainer: TrainerChild;
  readonly logger: Logger;
  /** Fires when the worker is to shut down. */
  readonly shutdown: AbortSignal;
}

/** A task and the terms on which it was given. */
export interface LeasedTask {
  readonly task: NonNullable<LeaseTaskAnswer['task']>;
  readonly leaseSeconds: number;
  /** When it was requested, on the clock of `performance.now()`. */
  readonly requestedAtMs: number;
}

/** How a task of each kind is done. */
const WORK: Readonly<Record<TaskKind, (spec: TaskSpec, context: AttemptContext) => Promise<TaskResult>>> = {
  IMPORT: async (spec, context) => ({ import: await runImport(contentOf(spec, 'import'), context) }),
  TRAIN: async (spec, context) => ({ train: await runTraining(contentOf(spec, 'train'), context) }),
  SCORE: async (spec, context) => ({ score: await runScoring(contentOf(spec, 'score'), context) }),
  SOUP: async (spec, context) => ({ soup: await runSoup(contentOf(spec, 'soup'), context) }),
};

/**
 * Works on a task until it has an outcome, which is reported, or must stop: after a lost lease silently, else by
 * handing the task back. Nothing of the attempt runs on after this returns.
 */
export async function runAttempt({ task, leaseSeconds, requestedAtMs }: LeasedTask, parts: WorkerParts): Promise<void> {
  const { control, shutdown } = parts;
  const lease: Lease = { task: task.id, fence: task.fence };
  const logger = parts.logger.child(lease);
  const stopping = new AbortController();
  const over = new AbortController();
  let stopReason: StopReason | undefined;
  const onStop = (reason: StopReason) => {
    stopReason ??= reason;
    stopping.abort(reason);
  };
  const onShutdown = () => onStop('PREEMPTED');
  shutdown.addEventListener('abort', onShutdown, { once: true });
  if (shutdown.aborted) onShutdown();
  const beats = keepLease({ control, lease, leaseSeconds, requestedAtMs, signal: over.signal, onStop, logger });
  try {
    await workAndReport(task.spec, lease, { ...parts, logger }, stopping.signal);
  } catch (error) {
    const reason = error instanceof LeaseLostError ? 'LEASE_LOST' : stopReason;
    // This worker ends, and not because of the task: that must not look as if it had fallen silent.
    await handBack(control, lease, reason ?? 'PREEMPTED', logger);
    if (reason === undefined) throw error;
  } finally {
    shutdown.removeEventListener('abort', onShutdown);
    over.abort();
    await beats;
  }
}

/** @throws {LeaseLostError}, or anything once the signal has fired. */
async function workAndReport(spec: unknown, lease: Lease, parts: WorkerParts, signal: AbortSignal): Promise<void> {
  const { control, cache, logger } = parts;
  const transfers = new Transfers(control, cache, lease, signal);
  const outcome = await outcomeOf(spec, { ...parts, lease, transfers, signal });
  await control.completeTask(lease, outcome, signal);
  if ('succeeded' in outcome) logger.info('task succeeded');
  else logger.warn(outcome, 'task did not succeed');
}

async function outcomeOf(spec: unknown, context: AttemptContext): Promise<TaskOutcome> {
  try {
    context.signal.throwIfAborted();
    await context.cache.evict();
    const checked = taskSpecSchema.parse(spec);
    return { succeeded: taskResultSchema.parse(await WORK[taskKind(checked)](checked, context)) };
  } catch (error) {
    if (context.signal.aborted || error instanceof LeaseLostError) throw error;
    context.logger.warn({ err: error }, 'task failed');
    const { reason } = failureOf(error);
    if (reason === 'SCRATCH_FULL') await makeRoom(context);
    if (reason === 'ARTIFACT_CORRUPT') context.cache.distrust();
    return failedOutcome(error);
  }
}

/** The outcome that an attempt's failure is reported as. */
export function failedOutcome(error: unknown): TaskOutcome {
  const failure = failureOf(error);
  return isFinal(failure.reason) ? { infeasible: failure } : { fault: failure };
}

/** Deletes all that no task has used lately, for the next try; that try fails if it was not enough. */
async function makeRoom({ cache, logger }: AttemptContext): Promise<void> {
  await cache.evict(0).catch((error: unknown) => logger.warn({ err: error }, 'cache could not be emptied'));
}

/** Gives the task back, where the lease was not lost; if this fails, the lease's end does the same. */
async function handBack(control: ControlClient, lease: Lease, reason: StopReason, logger: Logger): Promise<void> {
  logger.warn({ reason }, 'task stopped');
  if (reason === 'LEASE_LOST') return;
  try {
    await control.releaseTask(lease, reason);
  } catch (error) {
    logger.warn({ err: error, reason }, 'task could not be released');
  }
}

import { Injectable } from '@nestjs/common';
import { DomainError, type Failure, failureOf } from '../domain/errors.js';
import { isFinal } from '../domain/reasons.js';
import { type Runtime, runtimeMismatch } from '../domain/runtime.js';
import { taskKind, type TaskOutcome, type TaskSpec } from '../domain/task.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import {
  type Ending,
  type GivenLease,
  LeaseRepository,
  type LeaseRef,
  type LostTask,
  type TakenTask,
} from '../storage/postgres/lease.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import { Transactions } from '../storage/postgres/transactions.js';
import { afterFault } from './fault-policy.js';
import { TASK_KINDS } from './task-kinds.js';

/** The right to work on a task until the lease ends; `fence` makes a stale right harmless. */
export interface LeasedTask {
  readonly id: string;
  readonly fence: number;
  readonly spec: TaskSpec;
}

/** The queue of tasks as workers use it: what becomes of a task follows from how its attempts end. Safe to use from any number of processes. */
@Injectable()
export class TaskQueue {
  constructor(
    private readonly leases: LeaseRepository,
    private readonly jobs: FineTuneJobRepository,
    private readonly events: EventRepository,
    private readonly transactions: Transactions,
  ) {}

  /** Leases the oldest ready task of `scope`; those that the job's runtime binds are given it. */
  async lease(scope: string, owner: string, leaseSeconds: number): Promise<LeasedTask | undefined> {
    const task = await this.leases.take(scope, owner, leaseSeconds);
    if (task === undefined) return undefined;
    // A statement of its own: who cancels a job locks its row before the rows of its tasks.
    if (task.isFirst) await this.jobs.noteLease(scope);
    return leasedTask(task);
  }

  /** The task that `owner` holds already, with the same fence and a whole lease; undefined when there is none. */
  async leaseAgain(scope: string, owner: string, leaseSeconds: number): Promise<LeasedTask | undefined> {
    const task = await this.leases.takeAgain(scope, owner, leaseSeconds);
    return task && leasedTask(task);
  }

  /** Extends a lease. `leaseLost`: stop at once; `cancel`: nobody wants the result any more, or not now. */
  heartbeat(lease: LeaseRef, leaseSeconds: number): Promise<{ leaseLost: boolean; cancel: boolean }> {
    return this.leases.renew(lease, leaseSeconds);
  }

  /** What a lease that is still held works on; undefined when the fence is old. */
  leased(lease: LeaseRef): Promise<TaskSpec | undefined> {
    return this.leases.spec(lease);
  }

  /** Says that a leased task gets on: an outage that it met is over. */
  noteProgress(lease: LeaseRef): Promise<void> {
    return this.leases.noteProgress(lease);
  }

  /** Says what keeps a leased task waiting, while its worker tries on. */
  noteOutage(lease: LeaseRef, failure: Failure): Promise<void> {
    return this.leases.noteOutage(lease, failure);
  }

  /** The scope of a task; undefined when there is no such task. */
  scopeOf(taskId: string): Promise<string | undefined> {
    return this.leases.scopeOf(taskId);
  }

  /** Stores values of a training's curve; a repeat changes nothing. @returns false when the fence is old. */
  async reportMetrics(
    lease: LeaseRef,
    values: readonly { readonly name: string; readonly epoch: number; readonly value: number }[],
  ): Promise<boolean> {
    if ((await this.leases.spec(lease)) === undefined) return false;
    await this.leases.noteProgress(lease);
    await this.leases.storeMetrics(lease, values);
    return true;
  }

  /**
   * Ends an attempt. The first training of a BITWISE job that succeeds fixes the job's runtime; the result of one that ran
   * otherwise is not taken: the task is tried again.
   *
   * @returns false when the fence is old; true also for a repeat of the call that ended it.
   */
  async complete(lease: LeaseRef, outcome: TaskOutcome): Promise<boolean> {
    if ('fault' in outcome) return this.fault(lease, outcome.fault);
    // What the infrastructure did is no verdict, whatever a worker makes of it.
    if ('infeasible' in outcome && !isFinal(outcome.infeasible.reason)) return this.fault(lease, outcome.infeasible);
    try {
      const ran = runtimeOf(outcome);
      if (await this.leases.endAsFixed(lease, outcome, ran)) return true;
      const hasEnded = await this.transactions.run((transaction) => this.end(transaction, lease, outcome, ran));
      return hasEnded || (await this.leases.hasEnded(lease, ['succeeded', 'infeasible']));
    } catch (error) {
      if (!(error instanceof DomainError) || error.reason !== 'RUNTIME_MISMATCH') throw error;
      return this.fault(lease, failureOf(error));
    }
  }

  /** Gives a task back untouched: the worker is to shut down. @returns false when the fence is old. */
  release(lease: LeaseRef): Promise<boolean> {
    return this.leases.release(lease);
  }

  /**
   * Takes tasks away from workers that have fallen silent, and notifies their jobs. Where the leader of the scope has fallen
   * silent with them, it was the leader's end that took them along.
   *
   * @param leaseSeconds The length of the leases of workers and of leaders.
   * @returns how many.
   */
  async reap(leaseSeconds: number): Promise<number> {
    return this.transactions.run(async (transaction) => {
      const lost = await this.leases.holdLost(transaction, leaseSeconds);
      await this.takeBack(
        transaction,
        lost.map((task) => ({ task, failure: silence(task) })),
      );
      return lost.length;
    });
  }

  /** @throws {DomainError} RUNTIME_MISMATCH, which rolls everything back. */
  private async end(transaction: Transaction, lease: LeaseRef, ending: Ending, ran: Runtime | undefined) {
    const { scope } = lease;
    const hasEnded = await this.leases.end(transaction, lease, ending);
    if (ran !== undefined) {
      const ofJob = await (hasEnded
        ? this.jobs.fixRuntime(transaction, scope, ran)
        : this.jobs.runtime(transaction, scope));
      const mismatch = ofJob === undefined ? undefined : runtimeMismatch(ran, ofJob);
      if (mismatch !== undefined) throw mismatch;
    }
    return hasEnded;
  }

  private async fault(lease: LeaseRef, failure: Failure): Promise<boolean> {
    const isTaken = await this.transactions.run(async (transaction) => {
      const task = await this.leases.hold(transaction, lease);
      if (task !== undefined) await this.takeBack(transaction, [{ task, failure }]);
      return task !== undefined;
    });
    return isTaken || this.leases.hasEnded(lease, ['queued', 'infeasible', 'cancelled']);
  }

  /** Does with tasks, whose rows are locked, what the fault policy says, and writes an event for each that a job still wants. */
  private async takeBack(
    transaction: Transaction,
    faults: readonly { readonly task: TakenTask; readonly failure: Failure }[],
  ): Promise<void> {
    const taken = faults.map(({ task, failure }) => ({ task, after: afterFault(task, failure) }));
    const rows = taken.map(({ task: { id, isWanted }, after: { next, ...after } }) => {
      const state = !isWanted ? 'cancelled' : next === 'TRY_AGAIN' ? 'queued' : 'infeasible';
      return { ...after, id, state } as const;
    });
    await this.leases.takeBack(transaction, rows);
    const ofJobs = taken.filter(({ task }) => task.isWanted && TASK_KINDS[task.kind].notifiesJob);
    // In one order for all, so that two of these never wait for each other.
    for (const { task, after } of ofJobs.sort((a, b) => (a.task.scope < b.task.scope ? -1 : 1))) {
      const { reason, message } = after.failure;
      const type = after.next === 'TRY_AGAIN' ? 'TASK_REQUEUED' : 'TASK_FAILED';
      await this.events.append(transaction, task.scope, type, { task: task.id, key: task.key, reason, message });
    }
  }
}

/** How a task has run that has succeeded, where its job asks. */
const runtimeOf = (ending: Ending): Runtime | undefined =>
  'succeeded' in ending ? TASK_KINDS[taskKind(ending.succeeded)].ranOn(ending.succeeded) : undefined;

/**
 * The runtime is added at the lease, not when the task is made: the first trainings of a job are made before one has
 * fixed it.
 */
const leasedTask = ({ id, fence, spec, runtime }: GivenLease): LeasedTask => ({
  id,
  fence,
  spec: runtime === undefined ? spec : TASK_KINDS[taskKind(spec)].boundTo(spec, runtime),
});

function silence({ worker, hasLeader }: LostTask): Failure {
  const metadata = { worker };
  return hasLeader
    ? { reason: 'LEASE_LOST', message: `Worker ${worker} stopped sending heartbeats.`, metadata }
    : { reason: 'COORDINATOR_LOST', message: `The coordinator was lost, and worker ${worker} with it.`, metadata };
}

import type { Evidence } from './evidence.js';
import type { FaultCounts } from './fault-injector.js';
import type { InvariantId, Violation } from './invariants.js';

/** What a run came to. */
export interface ChaosReport {
  readonly seed: number;
  readonly disturbedSeconds: number;
  /** From the undisturbed job to the judgement. */
  readonly seconds: number;
  readonly jobCount: number;
  /** Tasks that succeeded. */
  readonly taskCount: number;
  readonly faults: FaultCounts;
  /** Roles that were started again. */
  readonly restartCount: number;
  /** Whether no disk could be filled, because no file system can be mounted here. */
  readonly isDiskSkipped: boolean;
  /** Processes that did not end when they were told to at the end. */
  readonly hungCount: number;
  readonly duplicateCount: number;
  readonly lostCount: number;
  readonly wrongCount: number;
  /** Training time of attempts that did not count, of all; each attempt counts as a whole training, so it is less. */
  readonly wastedPercent: number;
  readonly violations: readonly Violation[];
  /** Where the logs are when something was violated. */
  readonly folder: string;
}

type Measured = Pick<
  ChaosReport,
  'seed' | 'disturbedSeconds' | 'seconds' | 'faults' | 'restartCount' | 'isDiskSkipped' | 'violations' | 'folder'
>;

export function chaosReport({
  evidence,
  seconds,
  ...rest
}: Measured & { readonly evidence: Evidence }): Omit<ChaosReport, 'hungCount'> {
  const countOf = (...ids: readonly InvariantId[]) =>
    rest.violations.filter(({ invariant }) => ids.includes(invariant)).length;
  const succeeded = evidence.taskVersions.filter(({ state }) => state === 'succeeded');
  return {
    ...rest,
    seconds: Math.round(seconds),
    jobCount: evidence.jobs.length,
    taskCount: new Set(succeeded.map(({ id }) => id)).size,
    duplicateCount: countOf('I2'),
    lostCount: countOf('I1', 'I6'),
    wrongCount: countOf('I3', 'I4', 'I5'),
    wastedPercent: Number(wastedPercent(evidence).toFixed(1)),
  };
}

/** Of jobs that nobody cancelled. */
function wastedPercent({ jobs, trainings }: Evidence): number {
  const cancelled = new Set(jobs.filter(({ isCancelAsked }) => isCancelAsked).map(({ id }) => id));
  let allSeconds = 0;
  let usedSeconds = 0;
  for (const { jobId, trainSeconds, claims } of trainings) {
    if (trainSeconds === null || cancelled.has(jobId)) continue;
    usedSeconds += trainSeconds;
    allSeconds += trainSeconds * claims;
  }
  return allSeconds === 0 ? 0 : (100 * (allSeconds - usedSeconds)) / allSeconds;
}

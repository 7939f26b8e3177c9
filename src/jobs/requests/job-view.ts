import type { FineTuneJob, Progress, StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { hasPassed, isTerminal, type JobPhase } from '../../domain/job/job-state.js';
import { datasetVersionName, fineTuneJobName, trialName } from '../../domain/resource-names.js';
import { genomeOf, isComplete, type StoredTrial, TRIAL_PHASES, type TrialPhase } from '../../domain/job/trial.js';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { conditionsOf } from '../leading/job-conditions.js';
import { reportedMethodsOf, searchingMethodsOf } from '../../domain/job/methods-of-job.js';
import { activeSeconds } from '../phases/search-budget.js';
import { plannedTrialCount } from '../../search/search-plan.js';
import type { TaskOutage } from '../../storage/postgres/task.repository.js';
import type { TrialCount } from '../../storage/postgres/trial.repository.js';

/** Rows that the picture of one job is made from. */
export interface JobRows {
  readonly job: StoredFineTuneJob;
  readonly counts: readonly TrialCount[];
  readonly best: StoredTrial | undefined;
  /** What keeps its tasks waiting, or those of the import that it waits for. */
  readonly outage: TaskOutage | undefined;
  readonly now: Date;
}

const sum = (counts: readonly TrialCount[], keep: (count: TrialCount) => boolean): number =>
  counts.filter(keep).reduce((total, { count }) => total + count, 0);

/** Where each phase of trials falls in a job's life; later job phases have it behind them. */
const JOB_PHASE_OF = {
  SEARCH: 'SEARCHING',
  CONFIRMATION: 'SEARCHING',
  SELECTION: 'SELECTING',
  // Its last trial is the retraining's.
  FINALS: 'RETRAINING',
} as const satisfies Record<TrialPhase, JobPhase>;

const isPast = ({ phase }: StoredFineTuneJob, trialPhase: TrialPhase): boolean =>
  hasPassed(phase, JOB_PHASE_OF[trialPhase]);

/** How many trials a phase has in all: those that are planned, and where it has begun those that there are. */
function trialCounts({ job, counts }: JobRows): Readonly<Record<TrialPhase, number>> {
  const { finals } = job.spec;
  const found = (phase: TrialPhase) => sum(counts, (count) => count.phase === phase && count.state !== 'CANCELLED');
  const listed = sum(counts, ({ phase, method }) => phase === 'SEARCH' && method !== SEARCH_METHOD);
  const evolving = job.spec.search.type !== 'NONE' ? plannedTrialCount(job.spec) : 0;
  const search = isPast(job, 'SEARCH') ? found('SEARCH') : evolving + listed;
  const selecting = finals.finalistCount > 1 ? searchingMethodsOf(job.spec).length * finals.finalistCount : 0;
  const selection = job.phase === 'SELECTING' || isPast(job, 'SELECTION') ? found('SELECTION') : selecting;
  return {
    SEARCH: search,
    CONFIRMATION: found('CONFIRMATION'),
    SELECTION: selection,
    FINALS: reportedMethodsOf(job.spec).length,
  };
}

/** Trainings, counted by what each costs: one of the search trains on one fold, the others on all the data. */
function work(rows: JobRows) {
  const { job, counts, now } = rows;
  const { evaluation, finals, data } = job.spec;
  const perTrial: Readonly<Record<TrialPhase, number>> = {
    SEARCH: evaluation.seedCount * data.searchFraction,
    CONFIRMATION: 1,
    SELECTION: finals.seedCount,
    FINALS: finals.seedCount,
  };
  const all = trialCounts(rows);
  const total = TRIAL_PHASES.reduce((units, phase) => units + perTrial[phase] * all[phase], 0);
  const left = TRIAL_PHASES.reduce((units, phase) => {
    const ofPhase = counts.filter((count) => count.phase === phase);
    const done = sum(ofPhase, isComplete) + ofPhase.reduce((share, { doneShare }) => share + doneShare, 0);
    return units + (isPast(job, phase) ? 0 : perTrial[phase] * Math.max(0, all[phase] - done));
  }, 0);
  const elapsedSeconds = activeSeconds(job, now);
  return {
    percent: 100 * (1 - left / total),
    remainingSeconds: left === total ? undefined : (elapsedSeconds * left) / (total - left),
  };
}

function progress(rows: JobRows): Progress {
  const { job, counts } = rows;
  const { biotune } = job.spec.search;
  const searching = counts.filter(({ phase }) => phase === 'SEARCH');
  const { percent, remainingSeconds } = work(rows);
  const isDone = isTerminal(job.state);
  return {
    percent: job.state === 'SUCCEEDED' ? 100 : Math.min(percent, 99),
    ...(job.phase !== undefined && !isDone && { phase: job.phase }),
    generation: searching.reduce((latest, { generation }) => Math.max(latest, generation), 0),
    generationCount: job.spec.search.type !== 'NONE' ? biotune.generationCount : 0,
    completedTrialCount: sum(searching, isComplete),
    runningTrialCount: sum(counts, ({ state }) => state === 'RUNNING'),
    trialCount: trialCounts(rows).SEARCH,
    ...(!isDone && remainingSeconds !== undefined && { estimatedRemainingSeconds: Math.max(0, remainingSeconds) }),
  };
}

function bestTrial({ job, best }: JobRows): Pick<FineTuneJob, 'best'> {
  const genome = best && genomeOf(best);
  if (best?.fitness === undefined) return {};
  const { id, generation, lrMultipliers, settings, fitness } = best;
  const trial = trialName(job.project, job.id, id);
  const drawn = { ...(genome !== undefined && { genome }), ...(settings !== undefined && { settings }) };
  return { best: { trial, generation, ...drawn, lrMultipliers, fitness } };
}

/** Makes what a caller sees of a job; progress and best are derived here and stored nowhere. */
export function toFineTuneJob(rows: JobRows): FineTuneJob {
  const { job } = rows;
  return {
    name: fineTuneJobName(job.project, job.id),
    id: job.id,
    ...(job.externalId !== undefined && { externalId: job.externalId }),
    ...(job.displayName !== undefined && { displayName: job.displayName }),
    labels: job.labels,
    datasetVersion: datasetVersionName(job.project, job.datasetId, job.datasetVersion),
    spec: job.spec,
    state: job.state,
    done: isTerminal(job.state),
    ...(job.stopReason !== undefined && { stopReason: job.stopReason }),
    conditions: conditionsOf(rows),
    progress: progress(rows),
    ...bestTrial(rows),
    ...(job.runtime !== undefined && { runtime: job.runtime }),
    ...(job.result !== undefined && { result: job.result }),
    ...(job.error !== undefined && { error: job.error }),
    createTime: job.createTime.toISOString(),
    ...(job.startTime !== undefined && { startTime: job.startTime.toISOString() }),
    ...(job.endTime !== undefined && { endTime: job.endTime.toISOString() }),
    updateTime: job.updateTime.toISOString(),
  };
}

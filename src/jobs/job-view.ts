import type { FineTuneJob, Progress } from '../domain/fine-tune-job.js';
import { TERMINAL_JOB_STATES } from '../domain/fine-tune-job.js';
import type { TrialPhase } from '../domain/trial.js';
import { trialCount } from '../search/biotune.js';
import { trainingCountAtOnce } from './training-count.js';
import type { FineTuneJobEntity } from '../storage/postgres/fine-tune-job.entities.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import type { TrainingTotals, TrialCount } from '../storage/postgres/trial.repository.js';

/** Rows that the picture of one job is made from. */
export interface JobRows {
  readonly job: FineTuneJobEntity;
  readonly counts: readonly TrialCount[];
  readonly totals: TrainingTotals;
  readonly best: TrialEntity | undefined;
}

const HAS_FITNESS = new Set(['SUCCEEDED', 'INFEASIBLE']);

const sum = (counts: readonly TrialCount[], keep: (count: TrialCount) => boolean): number =>
  counts.filter(keep).reduce((total, { count }) => total + count, 0);

/** Trainings, counted by what each costs: a final trains on all the data, a trial of the search on one fold. */
function work({ job, counts, totals }: JobRows) {
  const { search, baselines, data, parallelism } = job.spec;
  const { biotune } = search;
  const finalCount = 1 + baselines.length;
  const done = (phase: TrialPhase) => sum(counts, (count) => count.phase === phase && HAS_FITNESS.has(count.state));
  const perTrial = biotune.seedCount * data.searchFraction;
  const searchLeft = perTrial * (trialCount(biotune) - done('SEARCH'));
  const finalsLeft = biotune.seedCount * (finalCount - done('FINALS'));
  const total = perTrial * trialCount(biotune) + biotune.seedCount * finalCount;
  const measured = totals.searchCount * data.searchFraction + totals.finalCount;
  const runningCount = Math.max(
    1,
    sum(counts, ({ state }) => state === 'RUNNING'),
  );
  const atOnce = (trainingCount: number) => Math.min(parallelism.maxParallelTrialCount ?? runningCount, trainingCount);
  const searchAtOnce = atOnce(trainingCountAtOnce(biotune));
  const rounds = searchLeft / searchAtOnce + finalsLeft / atOnce(finalCount * biotune.seedCount);
  return {
    percent: 100 * (1 - (searchLeft + finalsLeft) / total),
    remainingSeconds: measured === 0 ? undefined : (rounds * totals.seconds) / measured,
  };
}

function progress(rows: JobRows): Progress {
  const { job, counts } = rows;
  const { biotune } = job.spec.search;
  const searching = counts.filter(({ phase }) => phase === 'SEARCH');
  const { percent, remainingSeconds } = work(rows);
  const isDone = TERMINAL_JOB_STATES.includes(job.state);
  return {
    percent: job.state === 'SUCCEEDED' ? 100 : Math.min(percent, 99),
    ...(job.phase === undefined || isDone ? {} : { phase: job.phase }),
    generation: searching.reduce((latest, { generation }) => Math.max(latest, generation), 0),
    generationCount: biotune.generationCount,
    completedTrialCount: sum(searching, ({ state }) => HAS_FITNESS.has(state)),
    runningTrialCount: sum(counts, ({ state }) => state === 'RUNNING'),
    trialCount: trialCount(biotune),
    ...(isDone || remainingSeconds === undefined ? {} : { estimatedRemainingSeconds: Math.max(0, remainingSeconds) }),
  };
}

function bestTrial({ job, best }: JobRows): Pick<FineTuneJob, 'best'> {
  const { id, generation, genes, threshold, fitness } = best ?? {};
  if (id === undefined || generation === undefined || fitness === undefined) return {};
  if (genes === undefined || threshold === undefined) return {};
  const trial = `projects/${job.project}/fineTuneJobs/${job.id}/trials/${id}`;
  return { best: { trial, generation, genome: { genes, threshold }, fitness } };
}

/** Makes what a caller sees of a job; progress and best are derived here and stored nowhere. */
export function toFineTuneJob(rows: JobRows): FineTuneJob {
  const { job } = rows;
  return {
    name: `projects/${job.project}/fineTuneJobs/${job.id}`,
    id: job.id,
    ...(job.externalId === undefined ? {} : { externalId: job.externalId }),
    ...(job.displayName === undefined ? {} : { displayName: job.displayName }),
    labels: job.labels,
    datasetVersion: `projects/${job.project}/datasets/${job.datasetId}/versions/${job.datasetVersion}`,
    spec: job.spec,
    state: job.state,
    done: TERMINAL_JOB_STATES.includes(job.state),
    ...(job.stopReason === undefined ? {} : { stopReason: job.stopReason }),
    progress: progress(rows),
    ...bestTrial(rows),
    ...(job.runtime === undefined ? {} : { runtime: job.runtime }),
    ...(job.result === undefined ? {} : { result: job.result }),
    ...(job.error === undefined ? {} : { error: job.error }),
    createTime: job.createTime.toISOString(),
    ...(job.startTime === undefined ? {} : { startTime: job.startTime.toISOString() }),
    ...(job.endTime === undefined ? {} : { endTime: job.endTime.toISOString() }),
    updateTime: job.updateTime.toISOString(),
  };
}

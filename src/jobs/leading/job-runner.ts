import { Injectable } from '@nestjs/common';
import { failureOf } from '../../domain/errors.js';
import { isOurs } from '../../domain/reasons.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { isTerminal, JOB_PHASES, JOB_WORK, type JobPhase, type JobState } from '../../domain/job/job-state.js';
import { DatasetRepository } from '../../storage/postgres/dataset.repository.js';
import { FineTuneJobRepository, type JobChange } from '../../storage/postgres/fine-tune-job.repository.js';
import {
  LeadershipLostError,
  LeadershipRepository,
  type Leadership,
} from '../../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { BaseModelService } from '../../catalog/base-model.service.js';
import type { JobContext } from '../job-context.js';
import { OutageWatch } from './outage-watch.js';
import type { PhaseStep, Write } from '../phases/phase.js';
import { PhaseTable, type Station, stationOf } from '../phases/phase-table.js';
import { type Advance, type News, ScopeWatch, type Step } from './scope-watch.js';
import { trainingCountAtOnce } from '../../search/training-count.js';

const WAIT: Advance = { next: 'WAIT' };
const ENDED: Step = { advance: { next: 'ENDED' }, restsUntilMs: Infinity };

/** A job's move to another state or phase, or to both, with what is written beside it. */
interface Move {
  readonly state: JobState;
  readonly phase: JobPhase | undefined;
  readonly change: JobChange;
  readonly writes: readonly Write[];
}

/**
 * Moves one job forward by one step, from its rows only. Every step may be repeated, by this coordinator or another:
 * it changes nothing that is done already. What is done where a job stands is in the table of phases.
 */
@Injectable()
export class JobRunner {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly datasets: DatasetRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly modelVersions: ModelVersionRepository,
    private readonly baseModels: BaseModelService,
    private readonly phases: PhaseTable,
    private readonly outages: OutageWatch,
    private readonly watch: ScopeWatch,
  ) {}

  /**
   * A failure that is the data's or the request's ends the job as FAILED. The infrastructure's, or a bug, is noted on the
   * job and thrown: the step is tried again.
   */
  advance(leadership: Leadership): Promise<Advance> {
    return this.watch.advance(leadership, (news) => this.attempt(leadership, news));
  }

  private async attempt(leadership: Leadership, news: News): Promise<Step> {
    const job = await this.jobs.findById(leadership.scope);
    if (job === undefined) throw new Error(`no job ${leadership.scope}`);
    if (isTerminal(job.state)) return ENDED;
    try {
      const step = await this.step(leadership, job, news);
      if (step.advance.next !== 'ENDED') await this.outages.end(leadership, job);
      return step;
    } catch (error) {
      if (error instanceof LeadershipLostError) throw error;
      const failure = failureOf(error);
      if (!isOurs(failure.reason)) return this.fail(leadership, job, { stopReason: 'ERROR', error: failure });
      await this.outages.begin(leadership, job, failure);
      throw error;
    }
  }

  private async step(leadership: Leadership, job: StoredFineTuneJob, news: News): Promise<Step> {
    if (job.state === 'RUNNING' && (await this.outages.pauseStalled(leadership, job))) return goingOn(job);
    const context = await this.context(leadership, job, news);
    const { phase, to } = this.phases.at(stationOf(job));
    const step = await phase.advance(context);
    if (step.then === 'REPEAT') return goingOn(job);
    if (step.then === 'REST') return { advance: advanceOf(job), restsUntilMs: step.untilMs ?? Infinity };
    // After a pause a job goes on in the phase that it had come to.
    return this.leave(context, (job.state === 'QUEUED' ? job.phase : undefined) ?? to, step);
  }

  private async leave(context: JobContext, to: Station, step: PhaseStep & { then: 'DONE' }): Promise<Step> {
    const { job, leadership } = context;
    const phase = isPhase(to) && to !== job.phase ? to : undefined;
    const entry = phase === undefined ? undefined : await this.phases.at(phase).phase.enter?.(context);
    const { change = {}, write } = step;
    const writes = [write, entry].filter((each) => each !== undefined);
    return this.move(leadership, job, { state: isPhase(to) ? 'RUNNING' : to, phase, change, writes });
  }

  private fail(leadership: Leadership, job: StoredFineTuneJob, change: JobChange): Promise<Step> {
    const discard: Write = (transaction) => this.modelVersions.discard(transaction, job.id);
    return this.move(leadership, job, { state: 'FAILED', phase: undefined, change, writes: [discard] });
  }

  /** Makes a move in one transaction, with all that belongs to it. */
  private async move(leadership: Leadership, job: StoredFineTuneJob, move: Move): Promise<Step> {
    const { state, phase, change, writes } = move;
    const hasMoved = await this.leaderships.fenced(leadership, async (transaction) => {
      // Someone has cancelled, paused or resumed it in between: the next step deals with that.
      if (!(await this.jobs.hold(transaction, job.id, job.state))) return false;
      for (const write of writes) await write(transaction);
      if (state !== job.state) await this.jobs.move(transaction, job.id, state, ended(state, change));
      if (phase !== undefined) await this.jobs.enterPhase(transaction, job.id, phase);
      if (isTerminal(state)) await this.close(transaction, job.id);
      if (state === 'PAUSED') await this.leaderships.park(transaction, job.id);
      return true;
    });
    if (!hasMoved) return { advance: WAIT, restsUntilMs: 0 };
    return isTerminal(state) || state === 'PAUSED' ? ENDED : goingOn(job);
  }

  /**
   * Gives up what is open of a job that has ended, and its leadership; with that its tasks are wanted by nobody, and workers
   * learn of it with their next call.
   */
  private async close(transaction: Transaction, jobId: string): Promise<void> {
    await this.tasks.cancelQueued(transaction, jobId);
    await this.trials.cancelOpen(transaction, jobId);
    await this.leaderships.close(transaction, jobId);
  }

  private async context(leadership: Leadership, job: StoredFineTuneJob, news: News): Promise<JobContext> {
    const dataset = await this.datasets.findVersion(job.datasetId, job.datasetVersion);
    if (dataset === undefined) throw new Error(`job ${job.id} has no dataset version`);
    return { job, leadership, dataset, baseModel: await this.baseModels.get(job.spec.baseModel), news };
  }
}

const isPhase = (station: Station): station is JobPhase => JOB_PHASES.some((phase) => phase === station);

const goingOn = (job: StoredFineTuneJob): Step => ({ advance: advanceOf(job), restsUntilMs: 0 });

const ended = (state: JobState, change: JobChange): JobChange =>
  isTerminal(state) ? { ...change, endTime: new Date() } : change;

/** What the coordinator does about the workers of a job. */
function advanceOf({ state, spec, runtime }: StoredFineTuneJob): Advance {
  if (JOB_WORK[state] !== 'WANTED') return WAIT;
  return {
    next: 'WORK',
    // The launcher starts as many of them as it has room for.
    workerCount: Math.min(spec.parallelism.parallelTrialCountMax ?? Infinity, trainingCountAtOnce(spec)),
    // Also after another coordinator has taken over, on a machine with other cores.
    ...(runtime !== undefined && { threadCount: runtime.intraOpThreadCount }),
  };
}

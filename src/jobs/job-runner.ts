import { Injectable } from '@nestjs/common';
import { DomainError, failureOf } from '../domain/errors.js';
import { isOurs } from '../domain/reasons.js';
import { type JobState, type StoredFineTuneJob, TERMINAL_JOB_STATES } from '../domain/fine-tune-job.js';
import { DatasetRepository } from '../storage/postgres/dataset.repository.js';
import { FineTuneJobRepository, type JobChange, JobMovedError } from '../storage/postgres/fine-tune-job.repository.js';
import {
  LeadershipLostError,
  LeadershipRepository,
  type Leadership,
} from '../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { BaseModelService } from '../catalog/base-model.service.js';
import { checkDatasetFits } from './dataset-fit.js';
import { Finals } from './phases/finals.js';
import { foldCount, type JobContext } from './job-context.js';
import { OutageWatch } from './outage-watch.js';
import { Publishing } from './phases/publishing.js';
import { type Advance, type News, ScopeWatch, type Step } from './scope-watch.js';
import { wallBudgetEndMs } from './phases/search-budget.js';
import { SearchLoop } from './phases/search-loop.js';
import { Selection } from './phases/selection.js';
import { trainingCountAtOnce } from './training-count.js';

const WAIT: Advance = { next: 'WAIT' };
const ENDED: Advance = { next: 'ENDED' };

/** Nothing more to do until a row changes. */
const resting = (advance: Advance): Step => ({ advance, restsUntilMs: Infinity });
/** There may be more to do at once, or what is waited for is no row's change. */
const goingOn = (advance: Advance): Step => ({ advance, restsUntilMs: 0 });

/**
 * Moves one job forward by one step, from its rows only. Every step may be repeated, by this coordinator or another:
 * it changes nothing that is done already.
 */
@Injectable()
export class JobRunner {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly datasets: DatasetRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly baseModels: BaseModelService,
    private readonly searchLoop: SearchLoop,
    private readonly selection: Selection,
    private readonly finals: Finals,
    private readonly publishing: Publishing,
    private readonly modelVersions: ModelVersionRepository,
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
    if (TERMINAL_JOB_STATES.includes(job.state)) return resting(ENDED);
    try {
      const step = await this.step(leadership, job, news);
      if (step.advance.next !== 'ENDED') await this.outages.end(leadership, job);
      return step;
    } catch (error) {
      if (error instanceof LeadershipLostError) throw error;
      if (error instanceof JobMovedError) return goingOn(WAIT);
      const failure = failureOf(error);
      if (!isOurs(failure.reason)) return this.end(leadership, job, 'FAILED', { stopReason: 'ERROR', error: failure });
      await this.outages.begin(leadership, job, failure);
      throw error;
    }
  }

  private async step(leadership: Leadership, job: StoredFineTuneJob, news: News): Promise<Step> {
    switch (job.state) {
      case 'CANCELLING':
        return this.finishCancelling(leadership, job);
      case 'PAUSING':
      case 'PAUSED':
        return this.park(leadership, job);
      case 'VALIDATING':
        return this.awaitDataset(leadership, job);
      default:
        if (job.state === 'RUNNING' && (await this.outages.pauseStalled(leadership, job))) return goingOn(WAIT);
        return this.run(leadership, job, news);
    }
  }

  /** PAUSED once no worker holds a lease any more. Nobody leads the job from then on, and its workers are ended. */
  private async park(leadership: Leadership, job: StoredFineTuneJob): Promise<Step> {
    if (await this.tasks.hasLeased(job.id)) return goingOn(WAIT);
    const isParked = await this.leaderships.fenced(leadership, async (transaction) => {
      // Someone has cancelled or resumed it in between: the next step deals with that.
      if (!(await this.jobs.hold(transaction, job.id, job.state))) return false;
      await this.jobs.move(transaction, job.id, ['PAUSING'], 'PAUSED');
      await this.leaderships.park(transaction, job.id);
      return true;
    });
    return isParked ? resting(ENDED) : goingOn(WAIT);
  }

  private async awaitDataset(leadership: Leadership, job: StoredFineTuneJob): Promise<Step> {
    const version = await this.datasets.findVersion(job.datasetId, job.datasetVersion);
    if (version?.state === 'REJECTED' && version.error !== undefined) {
      throw DomainError.from(version.error);
    }
    if (version?.state !== 'ACTIVE') return resting(WAIT);
    checkDatasetFits(version, { foldCount: foldCount({ job }), batchSize: job.spec.training.batchSize });
    await this.leaderships.fenced(leadership, (transaction) =>
      this.jobs.move(transaction, job.id, ['VALIDATING'], 'QUEUED'),
    );
    return goingOn(WAIT);
  }

  private async run(leadership: Leadership, job: StoredFineTuneJob, news: News): Promise<Step> {
    const work: Advance = {
      next: 'WORK',
      // The launcher starts as many of them as it has room for.
      workerCount: Math.min(job.spec.parallelism.maxParallelTrialCount ?? Infinity, trainingCountAtOnce(job.spec)),
      // Also after another coordinator has taken over, on a machine with other cores.
      ...(job.runtime === undefined ? {} : { threadCount: job.runtime.intraOpThreadCount }),
    };
    if (job.state === 'QUEUED') {
      await this.leaderships.fenced(leadership, async (transaction) => {
        // Resumed, it goes on in the phase that it had come to.
        const isNew = job.phase === undefined;
        const change = isNew ? { startTime: new Date() } : {};
        if (!(await this.jobs.move(transaction, job.id, ['QUEUED'], 'RUNNING', change))) return;
        if (isNew) await this.jobs.enterPhase(transaction, job.id, 'SEARCHING');
      });
      return goingOn(work);
    }
    const context = await this.context(leadership, job, news);
    switch (job.phase) {
      case 'SEARCHING':
        return { advance: work, restsUntilMs: await this.search(context) };
      case 'SELECTING': {
        const entrants = await this.selection.advance(context);
        if (entrants === undefined) return resting(work);
        await this.finals.start(context, entrants);
        return goingOn(work);
      }
      case 'FINALS':
        await this.finals.advance(context);
        return resting(work);
      case 'SCORING':
        return { advance: work, restsUntilMs: await this.finishScoring(context) };
      default: {
        const { result, record } = await this.publishing.publish(context);
        const { stopReason = 'COMPLETED' } = job;
        return this.end(leadership, job, 'SUCCEEDED', { stopReason, result }, record);
      }
    }
  }

  /** @returns when the next step is due. */
  private async search(context: JobContext): Promise<number> {
    const nowMs = Date.now();
    const outcome = await this.searchLoop.advance(context);
    if (outcome === 'DONE') await this.selection.start(context);
    if (outcome !== 'WAITING') return 0;
    const endMs = wallBudgetEndMs(context.job.spec.budget, context.job);
    return endMs > nowMs ? endMs : Infinity;
  }

  /** @returns when the next step is due. */
  private async finishScoring(context: JobContext): Promise<number> {
    if (!(await this.finals.areScored(context))) return Infinity;
    // What a dropped training still adds to the cost would make a repeat of the publishing write other bytes.
    if (await this.tasks.hasLeased(context.job.id)) return 0;
    await this.leaderships.fenced(context.leadership, (transaction) =>
      this.jobs.enterPhase(transaction, context.job.id, 'PUBLISHING'),
    );
    return 0;
  }

  private async context(leadership: Leadership, job: StoredFineTuneJob, news: News): Promise<JobContext> {
    const dataset = await this.datasets.findVersion(job.datasetId, job.datasetVersion);
    if (dataset === undefined) throw new Error(`job ${job.id} has no dataset version`);
    return { job, leadership, dataset, baseModel: await this.baseModels.get(job.spec.baseModel), news };
  }

  /** CANCELLED once no worker holds a lease any more. */
  private async finishCancelling(leadership: Leadership, job: StoredFineTuneJob): Promise<Step> {
    if (await this.tasks.hasLeased(job.id)) return goingOn(WAIT);
    return this.end(leadership, job, 'CANCELLED', { stopReason: 'USER_CANCELLED' });
  }

  /**
   * Ends a job and gives up its leadership together; with that its tasks are wanted by nobody, and workers are told by
   * their next call.
   *
   * @param record What else is written with the end, and only with it.
   */
  private async end(
    leadership: Leadership,
    job: StoredFineTuneJob,
    state: JobState,
    change: JobChange,
    record: (transaction: Transaction) => Promise<void> = (transaction) =>
      this.modelVersions.discard(transaction, job.id),
  ): Promise<Step> {
    const hasEnded = await this.leaderships.fenced(leadership, async (transaction) => {
      // A cancel came in between: the next step deals with it.
      if (!(await this.jobs.hold(transaction, job.id, job.state))) return false;
      await record(transaction);
      await this.jobs.move(transaction, job.id, [job.state], state, { ...change, endTime: new Date() });
      await this.tasks.cancelQueued(transaction, job.id);
      await this.trials.cancelOpen(transaction, job.id);
      await this.leaderships.close(transaction, job.id);
      return true;
    });
    return hasEnded ? resting(ENDED) : goingOn(WAIT);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../../config/config.js';
import type { Failure } from '../../domain/errors.js';
import type { StoredFineTuneJob } from '../../domain/job/fine-tune-job.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository, type Leadership } from '../../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';

/** The message that a caller sees after a bug: the error's own words are for the log. */
const BUG: Failure = {
  reason: 'INTERNAL',
  message: "A step of the job fails on our side; the coordinator's log says how.",
  metadata: {},
};

/** Keeps in a job's row what keeps its coordinator from it, and pauses a job that nothing goes on with for too long. */
@Injectable()
export class OutageWatch {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly tasks: TaskRepository,
    private readonly leaderships: LeadershipRepository,
    @Inject(CONFIG) private readonly config: Pick<CoordinatorConfig, 'JOB_STALLED_SECONDS_MAX'>,
  ) {}

  /** A step of the coordinator failed; written once, not at each repeat of the step. */
  async begin(leadership: Leadership, job: StoredFineTuneJob, failure: Failure): Promise<void> {
    const outage = failure.reason === 'INTERNAL' ? BUG : failure;
    if (job.outage?.reason === outage.reason && job.outage.message === outage.message) return;
    await this.leaderships.fenced(leadership, (transaction) => this.jobs.noteOutage(transaction, job.id, outage));
  }

  /** A step went through. */
  async end(leadership: Leadership, job: StoredFineTuneJob): Promise<void> {
    if (job.outage === undefined) return;
    await this.leaderships.fenced(leadership, (transaction) => this.jobs.noteOutage(transaction, job.id, undefined));
  }

  /** @returns whether the job, which is running, pauses because the infrastructure has kept it from all progress for too long. */
  async pauseStalled(leadership: Leadership, job: StoredFineTuneJob): Promise<boolean> {
    const failure = await this.stalledBy(job);
    if (failure === undefined) return false;
    const hours = Math.round(this.config.JOB_STALLED_SECONDS_MAX / 360) / 10;
    const message = `No progress for ${hours} hours (${failure.reason}: ${failure.message}): resume the job when that is mended.`;
    return this.leaderships.fenced(leadership, (transaction) =>
      this.jobs.pause(transaction, job.id, { reason: 'NoProgress', message }),
    );
  }

  private async stalledBy({ id, outage, outageSince }: StoredFineTuneJob): Promise<Failure | undefined> {
    const seconds = this.config.JOB_STALLED_SECONDS_MAX;
    if (outageSince !== undefined && Date.now() - outageSince.getTime() > 1000 * seconds) return outage;
    return (await this.tasks.stalled(id, seconds))?.failure;
  }
}

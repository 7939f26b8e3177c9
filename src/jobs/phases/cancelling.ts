import { Injectable } from '@nestjs/common';
import { ModelVersionRepository } from '../../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { JobContext } from '../job-context.js';
import type { Phase, PhaseStep } from './phase.js';

/** CANCELLING: the job has ended once no worker holds a lease of it any more. */
@Injectable()
export class Cancelling implements Phase {
  constructor(
    private readonly tasks: TaskRepository,
    private readonly modelVersions: ModelVersionRepository,
  ) {}

  async advance({ job }: JobContext): Promise<PhaseStep> {
    if (await this.tasks.hasLeased(job.id)) return { then: 'REPEAT' };
    return {
      then: 'DONE',
      change: { stopReason: 'USER_CANCELLED' },
      write: (transaction) => this.modelVersions.discard(transaction, job.id),
    };
  }
}

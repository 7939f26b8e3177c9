import { Injectable } from '@nestjs/common';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { JobContext } from '../job-context.js';
import type { Phase, PhaseStep } from './phase.js';

/** PAUSING and PAUSED: the job is parked once no worker holds a lease of it any more. */
@Injectable()
export class Parking implements Phase {
  constructor(private readonly tasks: TaskRepository) {}

  async advance({ job }: JobContext): Promise<PhaseStep> {
    return { then: (await this.tasks.hasLeased(job.id)) ? 'REPEAT' : 'DONE' };
  }
}

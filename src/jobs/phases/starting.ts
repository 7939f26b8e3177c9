import { Injectable } from '@nestjs/common';
import type { JobContext } from '../job-context.js';
import type { Phase, PhaseStep } from './phase.js';

/** QUEUED: the job begins, or goes on after a pause in the phase that it had come to. */
@Injectable()
export class Starting implements Phase {
  advance({ job }: JobContext): Promise<PhaseStep> {
    const isNew = job.phase === undefined;
    return Promise.resolve({ then: 'DONE', ...(isNew && { change: { startTime: new Date() } }) });
  }
}

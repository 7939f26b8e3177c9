import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import type { JobContext } from '../job-context.js';
import { fitToDataset } from '../job-specs.js';
import type { Phase, PhaseStep } from './phase.js';

/** VALIDATING: another scope imports the job's images. */
@Injectable()
export class AwaitingImport implements Phase {
  advance({ job, dataset }: JobContext): Promise<PhaseStep> {
    if (dataset.state === 'REJECTED' && dataset.error !== undefined) {
      const { reason, message, metadata } = dataset.error;
      throw new DomainError(reason, message, metadata);
    }
    if (dataset.state !== 'ACTIVE') return Promise.resolve({ then: 'REST' });
    return Promise.resolve({ then: 'DONE', change: { spec: fitToDataset(job.spec, dataset) } });
  }
}

import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { checkDatasetFits } from '../dataset-fit.js';
import { foldCount, type JobContext } from '../job-context.js';
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
    checkDatasetFits(dataset, { foldCount: foldCount({ job }), batchSize: job.spec.training.batchSize });
    return Promise.resolve({ then: 'DONE' });
  }
}

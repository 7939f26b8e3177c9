import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import type { JobContext } from '../job-context.js';
import { fitToDataset } from '../requests/job-specs.js';
import { Priors } from '../requests/priors.js';
import type { Phase, PhaseStep } from './phase.js';

/** VALIDATING: another scope imports the job's images. */
@Injectable()
export class AwaitingImport implements Phase {
  constructor(private readonly priors: Priors) {}

  async advance({ job, baseModel, dataset }: JobContext): Promise<PhaseStep> {
    if (dataset.state === 'REJECTED' && dataset.error !== undefined) {
      const { reason, message, metadata } = dataset.error;
      throw new DomainError(reason, message, metadata);
    }
    if (dataset.state !== 'ACTIVE') return { then: 'REST' };
    const spec = fitToDataset(job.spec, dataset);
    // Fixed here: what earlier jobs come to afterwards changes nothing of the search.
    const priorCandidates = await this.priors.find(job, baseModel, dataset);
    return { then: 'DONE', change: { spec: { ...spec, priorCandidates } } };
  }
}

import { Injectable } from '@nestjs/common';
import type { JobContext } from '../job-context.js';
import { Retrainings } from '../trials/retrainings.js';
import { TrialSettlement } from '../trials/trial-settlement.js';
import type { Phase, PhaseStep, Write } from './phase.js';

/**
 * Trains the method that would be delivered again, on train and validation together, where the job asks for that; another job
 * passes through.
 */
@Injectable()
export class Retraining implements Phase {
  constructor(
    private readonly retrainings: Retrainings,
    private readonly settlement: TrialSettlement,
  ) {}

  async enter(context: JobContext): Promise<Write> {
    return context.job.spec.finals.retrains ? this.retrainings.prepare(context) : () => Promise.resolve();
  }

  async advance(context: JobContext): Promise<PhaseStep> {
    return { then: (await this.settlement.settlePhase(context, 'FINALS')).hasOpen ? 'REST' : 'DONE' };
  }
}

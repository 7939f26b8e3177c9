import { Injectable } from '@nestjs/common';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { Candidates } from '../trials/candidates.js';
import type { JobContext } from '../job-context.js';
import { Soups } from '../trials/soups.js';
import { TrialSettlement } from '../trials/trial-settlement.js';
import type { Phase, PhaseStep, Write } from './phase.js';
import { Selecting } from './selecting.js';

/**
 * Trains one candidate of every method on all training data, with seeds that nothing was chosen by; beside them it averages the
 * models of the search's finalists, where the job asks for that.
 */
@Injectable()
export class Finals implements Phase {
  constructor(
    private readonly selecting: Selecting,
    private readonly candidates: Candidates,
    private readonly soups: Soups,
    private readonly settlement: TrialSettlement,
  ) {}

  /** Gives each chosen candidate a slot, in their order. */
  async enter(context: JobContext): Promise<Write> {
    const chosen = await this.selecting.chosen(context);
    const winner = chosen.find(({ method }) => method === SEARCH_METHOD);
    const usesSoup = context.job.spec.finals.usesSoup && winner !== undefined;
    const insertSoup = usesSoup ? await this.soups.prepare(context, winner, chosen.length) : undefined;
    return async (transaction) => {
      for (const [slot, candidate] of chosen.entries()) {
        const origin = candidate.method === SEARCH_METHOD ? 'FINAL' : 'BASELINE';
        const trial = { phase: 'FINALS', generation: 0, slot, origin, ...candidate } as const;
        await this.candidates.insertAll(transaction, context, [trial], context.job.spec.finals.seedCount);
      }
      await insertSoup?.(transaction);
    };
  }

  async advance(context: JobContext): Promise<PhaseStep> {
    return { then: (await this.settlement.settlePhase(context, 'FINALS')).hasOpen ? 'REST' : 'DONE' };
  }
}

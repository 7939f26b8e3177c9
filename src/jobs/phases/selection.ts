import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { fixedMultipliers } from '../../methods/apply-method.js';
import { methodOf, SEARCH_METHOD } from '../../methods/method-table.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import type { TrialEntity } from '../../storage/postgres/trial.entities.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { bestCandidates, type Candidate, Candidates } from '../candidates.js';
import type { JobContext } from '../job-context.js';
import { methodsOf, searchingMethodsOf } from '../methods.js';
import { isOpen, TrialSettlement } from '../trial-settlement.js';

/**
 * From what searches have found to one candidate of each method. A search compares on slices of few images: its best few
 * train again on all the data, with seeds that the search has not used, and the best of those goes on.
 */
@Injectable()
export class Selection {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly candidates: Candidates,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
  ) {}

  /** Enters SELECTING; methods of which one candidate alone is left have nothing to tell apart. */
  async start(context: JobContext): Promise<void> {
    const { job, leadership } = context;
    const { finalistCount, seedCount } = job.spec.finals;
    const found = await this.trials.list(job.id, 'SEARCH');
    const contested = searchingMethodsOf(job.spec)
      .map((method) => bestCandidates(found, method, finalistCount))
      .filter(({ length }) => length > 1);
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.jobs.enterPhase(transaction, job.id, 'SELECTING');
      for (const candidates of contested) {
        const trials = candidates.map(
          (candidate, slot) => ({ phase: 'SELECTION', generation: 0, slot, origin: 'FINAL', ...candidate }) as const,
        );
        await this.candidates.insertAll(transaction, context, trials, seedCount);
      }
    });
  }

  /**
   * Closes what has ended.
   *
   * @returns one candidate of each method that could be trained, in the order of the job's methods; undefined while trials
   *   are open.
   * @throws {DomainError} SEARCH_SPACE_INFEASIBLE when the search has found nothing, or every method is without one.
   */
  async advance(context: JobContext): Promise<Candidate[] | undefined> {
    const { job, leadership, baseModel } = context;
    const before = await this.trials.list(job.id, 'SELECTION');
    const { closed } = await this.settlement.settle(leadership, before, job.spec.search.biotune.fitness);
    const selected = closed.length > 0 ? await this.trials.list(job.id, 'SELECTION') : before;
    if (selected.some(isOpen)) return undefined;
    const found = await this.trials.list(job.id, 'SEARCH');
    const candidates = methodsOf(job.spec).flatMap((method): Candidate[] => {
      const definition = methodOf(method);
      if (definition.kind === 'FIXED') {
        const lrMultipliers = fixedMultipliers(definition, baseModel.blocks.length, job.spec.methods);
        return [{ method, lrMultipliers }];
      }
      const isContested = selected.some((trial) => trial.method === method);
      return bestCandidates(isContested ? selected : found, method, 1);
    });
    const isMissing = job.spec.search.type !== 'NONE' && bestCandidates(found, SEARCH_METHOD, 1).length === 0;
    if (isMissing || candidates.length === 0) throw nothingTrained([...found, ...selected]);
    return candidates;
  }
}

function nothingTrained(trials: readonly TrialEntity[]): DomainError {
  const counts = new Map<string, number>();
  for (const { method, infeasibleReason } of trials) {
    const key = `${method} ${infeasibleReason}`;
    if (infeasibleReason !== undefined) counts.set(key, 1 + (counts.get(key) ?? 0));
  }
  const described = [...counts].map(([key, count]) => `${key}: ${count}`).join(', ');
  const reasons = described || 'none was completed within the budget';
  return new DomainError('SEARCH_SPACE_INFEASIBLE', `No trial of the search could be trained (${reasons}).`, {
    reasons,
  });
}

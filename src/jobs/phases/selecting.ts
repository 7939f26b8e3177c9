import { Injectable } from '@nestjs/common';
import type { FineTuneJobSpec } from '../../domain/job/fine-tune-job.js';
import { fixedMultipliers } from '../../methods/apply-method.js';
import { type Method, methodOf, SEARCH_METHOD } from '../../methods/method-table.js';
import { SEARCH_MODES } from '../../methods/search-modes.js';
import { areRelatives } from '../../search/accelerated/relatives.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { CandidateChoice } from '../trials/candidate-choice.js';
import { bestCandidates, type Candidate, Candidates } from '../trials/candidates.js';
import type { JobContext } from '../job-context.js';
import { methodsOf, searchingMethodsOf } from '../../domain/job/methods-of-job.js';
import { TrialSettlement } from '../trials/trial-settlement.js';
import { nothingTrained } from './infeasible-search.js';
import type { Phase, PhaseStep, Write } from './phase.js';

/** What is hardly told apart from a better candidate of an accelerated search should not take the place of another (ADR 25). */
const kinOf = ({ search }: Pick<FineTuneJobSpec, 'search'>, method: Method): typeof areRelatives =>
  method === SEARCH_METHOD && SEARCH_MODES[search.biotune.mode].algorithm === 'ACCELERATED'
    ? areRelatives
    : () => false;

/**
 * SELECTING: chooses one candidate of each method from what its search has found. A search compares on slices of few
 * images: its best few train again on all the data, with seeds that the search has not used, and one of those goes on.
 */
@Injectable()
export class Selecting implements Phase {
  constructor(
    private readonly trials: TrialRepository,
    private readonly candidates: Candidates,
    private readonly choice: CandidateChoice,
    private readonly settlement: TrialSettlement,
  ) {}

  /** Inserts the trials of every method that has more than one candidate left to choose from. */
  async enter(context: JobContext): Promise<Write> {
    const { job } = context;
    const { finalistCount, seedCount } = job.spec.finals;
    const found = await this.trials.list(job.id, 'SEARCH');
    const contested = searchingMethodsOf(job.spec)
      .map((method) => bestCandidates(found, method, finalistCount, kinOf(job.spec, method)))
      .filter(({ length }) => length > 1);
    return async (transaction) => {
      for (const candidates of contested) {
        const trials = candidates.map(
          (candidate, slot) => ({ phase: 'SELECTION', generation: 0, slot, origin: 'FINAL', ...candidate }) as const,
        );
        await this.candidates.insertAll(transaction, context, trials, seedCount);
      }
    };
  }

  async advance(context: JobContext): Promise<PhaseStep> {
    return { then: (await this.settlement.settlePhase(context, 'SELECTION')).hasOpen ? 'REST' : 'DONE' };
  }

  /**
   * The candidates that are reported: one of each method that could be trained, in the order of the job's methods. They
   * are known once the phase is done.
   *
   * @throws {DomainError} SEARCH_SPACE_INFEASIBLE when the search has found nothing, or every method is without one.
   */
  async chosen(context: JobContext): Promise<Candidate[]> {
    const { job, baseModel } = context;
    const selected = await this.trials.list(job.id, 'SELECTION');
    const found = await this.trials.list(job.id, 'SEARCH');
    const candidates: Candidate[] = [];
    for (const method of methodsOf(job.spec)) {
      const definition = methodOf(method);
      if (definition.kind === 'FIXED') {
        const lrMultipliers = fixedMultipliers(definition, baseModel.blocks.length, job.spec.methods);
        candidates.push({ method, lrMultipliers });
      } else if (selected.some((trial) => trial.method === method)) {
        candidates.push(...(await this.choice.among(context, selected, method)));
      } else candidates.push(...bestCandidates(found, method, 1));
    }
    const isMissing = job.spec.search.type !== 'NONE' && bestCandidates(found, SEARCH_METHOD, 1).length === 0;
    if (isMissing || candidates.length === 0) throw nothingTrained([...found, ...selected]);
    return candidates;
  }
}

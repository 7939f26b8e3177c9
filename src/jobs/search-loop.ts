import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import { lrMultipliers, phenotypeRules, selectsABlock, type PhenotypeRules } from '../domain/genome.js';
import { generationSize, plan, type EvaluatedTrial, type PlannedTrial, type SearchConfig } from '../search/biotune.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { foldCount, trainSpec, type JobContext } from './job-context.js';
import { searchSeeds } from './training-seeds.js';
import { isOpen, TrialSettlement, WORST_FITNESS } from './trial-settlement.js';

function rulesOf({ job, baseModel }: JobContext): PhenotypeRules {
  const blockIds = baseModel.blocks.map(({ id }) => id);
  return phenotypeRules([], blockIds, job.spec.search.biotune.mode);
}

function searchConfig(context: JobContext): SearchConfig {
  const { seed, biotune } = context.job.spec.search;
  const { generationCount, populationSize, eliteCount, reproduction } = biotune;
  const blockCount = context.baseModel.blocks.length;
  const sizes = { generationCount, populationSize, eliteCount };
  const rules = rulesOf(context);
  return { seed, blockCount, foldCount: foldCount(context), ...sizes, reproduction, rules, initialGenomes: [] };
}

function toEvaluated({ generation, slot, genes, threshold, fitness }: TrialEntity) {
  if (genes === undefined || threshold === undefined || fitness === undefined) return [];
  return [{ generation, slot, genome: { genes, threshold }, fitness }];
}

const isEqualGenome = (planned: PlannedTrial, { genes = [], threshold }: TrialEntity): boolean =>
  planned.genome.threshold === threshold &&
  planned.genome.genes.length === genes.length &&
  planned.genome.genes.every((gene, index) => gene === genes[index]);

/** Drives the search from rows only: any coordinator, at any time, comes to the same genomes. */
@Injectable()
export class SearchLoop {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly events: EventRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
  ) {}

  /**
   * Closes what has ended, asks the search what comes next, and inserts it.
   *
   * @returns the best trial once the search is done; undefined while trials are open.
   * @throws {DomainError} REPLAY_DIVERGED, SEARCH_SPACE_INFEASIBLE, or what `TrialSettlement.settle` throws.
   */
  async advance(context: JobContext): Promise<TrialEntity | undefined> {
    const { job, leadership } = context;
    const before = await this.trials.list(job.id, 'SEARCH');
    const hasNews = await this.settlement.settle(leadership, before, job.spec.search.biotune.fitness);
    // What is open was planned from the same history: there is nothing to ask for until one of it ends.
    if (!hasNews && before.some(isOpen)) return undefined;
    const trials = hasNews ? await this.trials.list(job.id, 'SEARCH') : before;
    const config = searchConfig(context);
    refuseInfeasibleGeneration(trials, config);
    const next = plan(config, trials.flatMap(toEvaluated));
    if (next.kind === 'DONE') return bestTrial(trials, next.best);
    const known = new Set(trials.map(({ generation, slot }) => `${generation}/${slot}`));
    const missing = next.trials.filter(({ generation, slot }) => !known.has(`${generation}/${slot}`));
    if (missing.length > 0) {
      await this.leaderships.fenced(leadership, async (transaction) => {
        if (await this.jobs.hold(transaction, job.id, 'RUNNING'))
          await this.insert(transaction, context, missing, trials);
      });
    }
    return undefined;
  }

  private async insert(
    transaction: Transaction,
    context: JobContext,
    planned: readonly PlannedTrial[],
    before: readonly TrialEntity[],
  ): Promise<void> {
    const generation = planned[0]?.generation ?? 0;
    if (!before.some((trial) => trial.generation === generation)) {
      await this.events.append(transaction, context.job.id, 'GENERATION_STARTED', { generation: String(generation) });
    }
    for (const trial of planned) await this.insertTrial(transaction, context, trial);
  }

  private async insertTrial(transaction: Transaction, context: JobContext, planned: PlannedTrial): Promise<void> {
    const { job } = context;
    const { generation, slot, origin, genome, fold } = planned;
    const rules = rulesOf(context);
    const isFeasible = selectsABlock(genome, rules);
    const ended = isFeasible
      ? {}
      : ({ state: 'INFEASIBLE', infeasibleReason: 'NO_BLOCK_SELECTED', fitness: WORST_FITNESS } as const);
    const trial = await this.trials.insert(transaction, job.id, {
      phase: 'SEARCH',
      generation,
      slot,
      origin,
      method: 'BIOTUNE',
      genes: [...genome.genes],
      threshold: genome.threshold,
      lrMultipliers: lrMultipliers(genome, rules),
      fold,
      ...ended,
    });
    if (!isEqualGenome(planned, trial)) throw diverged(planned, trial);
    if (!isFeasible) return;
    const seeds = searchSeeds(job.spec.search.biotune.seedCount);
    const candidate = {
      method: 'BIOTUNE',
      lrMultipliers: trial.lrMultipliers,
      fold,
      foldCount: foldCount(context),
    } as const;
    await this.tasks.insert(
      transaction,
      seeds.map((seed) => ({
        scope: job.id,
        key: `search/${generation}/${slot}/${seed}`,
        trialId: trial.id,
        seed,
        spec: { train: trainSpec(context, { ...candidate, seed, keepWeights: false }) },
      })),
    );
  }
}

/** @throws {DomainError} SEARCH_SPACE_INFEASIBLE when not one trial could be trained. */
function bestTrial(trials: readonly TrialEntity[], best: EvaluatedTrial): TrialEntity | undefined {
  const trial = trials.find(({ generation, slot }) => generation === best.generation && slot === best.slot);
  if (trial?.state !== 'INFEASIBLE') return trial;
  const { infeasibleReason = 'unknown' } = trial;
  throw new DomainError('SEARCH_SPACE_INFEASIBLE', `No trial of the search could be trained (${infeasibleReason}).`, {
    infeasibleReason,
  });
}

function diverged(planned: PlannedTrial, { genes, threshold }: TrialEntity): DomainError {
  const { generation, slot, genome } = planned;
  const stored = JSON.stringify({ genes, threshold });
  return new DomainError(
    'REPLAY_DIVERGED',
    `Generation ${generation} slot ${slot} holds ${stored}; the search now plans ${JSON.stringify(genome)}.`,
    { generation: String(generation), slot: String(slot), stored, planned: JSON.stringify(genome) },
  );
}

/** A search that mostly cannot train has nothing to choose from. A genome without a block is no failure: it was not tried. */
function refuseInfeasibleGeneration(trials: readonly TrialEntity[], config: SearchConfig): void {
  const latest = trials.reduce((max, { generation }) => Math.max(max, generation), 0);
  const reasons = trials.flatMap(({ generation, state, infeasibleReason = '' }) =>
    generation === latest && state === 'INFEASIBLE' && infeasibleReason !== 'NO_BLOCK_SELECTED'
      ? [infeasibleReason]
      : [],
  );
  const size = generationSize(config, latest);
  if (reasons.length * 2 <= size) return;
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, 1 + (counts.get(reason) ?? 0));
  const described = [...counts].map(([reason, count]) => `${reason}: ${count}`);
  throw new DomainError(
    'SEARCH_SPACE_INFEASIBLE',
    `${reasons.length} of ${size} trials of generation ${latest} cannot be trained (${described.join(', ')}): ` +
      'lower training.baseLearningRate or change the data.',
    { generation: String(latest), infeasibleCount: String(reasons.length), reasons: described.join(', ') },
  );
}

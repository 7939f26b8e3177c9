import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import type { BiotuneConfig, Method, MethodScore } from '../domain/fine-tune-job.js';
import type { Artifact, ScoreResult } from '../domain/task.js';
import { FineTuneJobRepository } from '../storage/postgres/fine-tune-job.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { TaskRepository } from '../storage/postgres/task.repository.js';
import type { TrialEntity } from '../storage/postgres/trial.entities.js';
import { TrialRepository, type Training } from '../storage/postgres/trial.repository.js';
import { scoreSpec, trainSpec, type JobContext } from './job-context.js';
import { finalSeeds } from './training-seeds.js';
import { isOpen, mean, TrialSettlement, validationFigure, WORST_FITNESS } from './trial-settlement.js';

/** One method of the finals, with the model that stands for it: the best on validation among its seeds. */
export interface Finalist {
  readonly trial: TrialEntity;
  readonly weights: Artifact;
  /** Means over the seeds. */
  readonly validationAccuracy: number;
  readonly validationMacroAccuracy: number;
  readonly validationMacroF1: number;
  readonly trainedParameterCount: number;
  readonly totalParameterCount: number;
}

/** A finalist with what the sealed test split said of it. */
export interface ScoredFinalist extends Finalist {
  readonly test: ScoreResult;
}

/** Learning-rate multipliers of a baseline over `blockCount` blocks. */
function baselineMultipliers(method: Method, blockCount: number): number[] {
  return Array.from({ length: blockCount }, (_, index) => {
    if (method === 'FULL_FINE_TUNE') return 1;
    return index === blockCount - 1 ? 1 : 0;
  });
}

function toFinalist(trial: TrialEntity, trainings: readonly Training[], fitness: BiotuneConfig['fitness']): Finalist[] {
  if (trial.state !== 'SUCCEEDED') return [];
  const results = trainings.flatMap(({ result }) => (result !== undefined && 'train' in result ? [result.train] : []));
  const [best] = [...results].sort((a, b) => validationFigure(b, fitness) - validationFigure(a, fitness));
  if (best?.weights === undefined) return [];
  return [
    {
      trial,
      weights: best.weights,
      validationAccuracy: mean(results.map(({ validationAccuracy }) => validationAccuracy)),
      validationMacroAccuracy: mean(results.map(({ validationMacroAccuracy }) => validationMacroAccuracy)),
      validationMacroF1: mean(results.map(({ validationMacroF1 }) => validationMacroF1)),
      trainedParameterCount: best.trainedParameterCount,
      totalParameterCount: best.totalParameterCount,
    },
  ];
}

/** Retrains the winner and the baselines on all training data with fresh seeds, then scores each once. */
@Injectable()
export class Finals {
  constructor(
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly jobs: FineTuneJobRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly settlement: TrialSettlement,
  ) {}

  /** Enters FINALS: slot 0 is the search's winner, then one slot per baseline. */
  async start(context: JobContext, winner: TrialEntity): Promise<void> {
    const { job, leadership, baseModel } = context;
    const { genes = [], threshold = 0 } = winner;
    const entrants = [
      {
        method: 'BIOTUNE',
        origin: 'FINAL',
        lrMultipliers: winner.lrMultipliers,
        genes: [...genes],
        threshold,
      } as const,
      ...job.spec.baselines.map((method) => ({
        method,
        origin: 'BASELINE' as const,
        lrMultipliers: baselineMultipliers(method, baseModel.blocks.length),
      })),
    ];
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.jobs.enterPhase(transaction, job.id, 'FINALS');
      for (const [slot, entrant] of entrants.entries()) {
        const place = { phase: 'FINALS', generation: 0, slot } as const;
        const trial = await this.trials.insert(transaction, job.id, { ...place, ...entrant });
        const tasks = finalSeeds(job.spec.search.biotune.seedCount).map((seed) => {
          const { method, lrMultipliers } = entrant;
          const spec = trainSpec(context, { method, lrMultipliers, seed, fold: 0, foldCount: 1, keepWeights: true });
          return { scope: job.id, key: `final/${slot}/${seed}`, trialId: trial.id, seed, spec: { train: spec } };
        });
        await this.tasks.insert(transaction, tasks);
      }
    });
  }

  /** Closes what has ended; enters SCORING once every final has. */
  async advance(context: JobContext): Promise<void> {
    const { job, leadership } = context;
    const before = await this.trials.list(job.id, 'FINALS');
    const hasNews = await this.settlement.settle(leadership, before, job.spec.search.biotune.fitness);
    const trials = hasNews ? await this.trials.list(job.id, 'FINALS') : before;
    if (trials.some(isOpen)) return;
    const finalists = await this.finalists(context);
    if (finalists.length === 0) {
      const reasons = trials
        .map(({ method, infeasibleReason }) => `${method}: ${infeasibleReason ?? 'unknown'}`)
        .join(', ');
      throw new DomainError('SEARCH_SPACE_INFEASIBLE', `No final could be trained (${reasons}).`, { reasons });
    }
    await this.leaderships.fenced(leadership, async (transaction) => {
      await this.jobs.enterPhase(transaction, job.id, 'SCORING');
      await this.tasks.insert(
        transaction,
        finalists.map(({ trial, weights }) => ({
          scope: job.id,
          key: `score/${trial.slot}`,
          trialId: trial.id,
          spec: { score: scoreSpec(context, weights) },
        })),
      );
    });
  }

  /**
   * @returns every finalist with its test score, best on validation first (equals: the search's winner first);
   *   undefined while a score is missing.
   * @throws {DomainError} EVALUATION_INFRA when a model could not be scored.
   */
  async scored(context: JobContext): Promise<ScoredFinalist[] | undefined> {
    const finalists = await this.finalists(context);
    const scores = await this.tasks.listByKeyPrefix(context.job.id, 'score/');
    const scored: ScoredFinalist[] = [];
    for (const finalist of finalists) {
      const task = scores.find(({ trialId }) => trialId === finalist.trial.id);
      if (task?.state === 'failed' || task?.state === 'infeasible') {
        const { reason = 'INTERNAL', message = 'no report' } = task.failure ?? {};
        throw new DomainError('EVALUATION_INFRA', `Scoring ${finalist.trial.method} failed with ${reason}: ${message}`);
      }
      if (task?.result === undefined || !('score' in task.result)) return undefined;
      scored.push({ ...finalist, test: task.result.score });
    }
    const fitness = ({ trial }: Finalist) => trial.fitness ?? WORST_FITNESS;
    return scored.sort((a, b) => fitness(a) - fitness(b) || a.trial.slot - b.trial.slot);
  }

  private async finalists({ job }: JobContext): Promise<Finalist[]> {
    const trials = await this.trials.list(job.id, 'FINALS');
    const trainings = await this.trials.trainings(trials.map(({ id }) => id));
    const { fitness } = job.spec.search.biotune;
    return trials.flatMap((trial) =>
      toFinalist(
        trial,
        trainings.filter(({ trialId }) => trialId === trial.id),
        fitness,
      ),
    );
  }
}

/** What a model version, and the job's result, say of the test split. */
export const testFigures = ({ accuracy, macroAccuracy, macroF1, calibrationError }: ScoreResult) => ({
  testAccuracy: accuracy,
  testMacroAccuracy: macroAccuracy,
  testMacroF1: macroF1,
  testCalibrationError: calibrationError,
});

/** How a finalist is shown in the job's result. */
export const toMethodScore = (project: string, { trial, test, ...finalist }: ScoredFinalist): MethodScore => ({
  method: trial.method,
  trial: `projects/${project}/fineTuneJobs/${trial.jobId}/trials/${trial.id}`,
  validationAccuracy: finalist.validationAccuracy,
  validationMacroAccuracy: finalist.validationMacroAccuracy,
  validationMacroF1: finalist.validationMacroF1,
  ...testFigures(test),
  testRecalls: test.recalls,
  trainedParameterCount: finalist.trainedParameterCount,
  totalParameterCount: finalist.totalParameterCount,
});

import { Injectable } from '@nestjs/common';
import { groupBy } from '../../domain/group-by.js';
import { judgedFigure } from '../../domain/job/evaluation.js';
import type { StoredTrial } from '../../domain/job/trial.js';
import type { Method } from '../../methods/method-table.js';
import { choosePooled, type PooledContender } from '../../report/pooled-choice.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { bestCandidates, type Candidate } from './candidates.js';
import { type JobContext, partCountIn } from '../job-context.js';
import { PredictionFiles } from './prediction-files.js';
import { yieldNow } from '../yield-now.js';

/** Chooses one candidate of a method from those that were trained on all the data. */
@Injectable()
export class CandidateChoice {
  constructor(
    private readonly trials: TrialRepository,
    private readonly predictions: PredictionFiles,
  ) {}

  /**
   * Chooses by `finals.choice`, and by validation alone.
   *
   * @param selected The trials of the phase, of all methods.
   * @returns no candidate where none of the method's could be trained.
   */
  async among(context: JobContext, selected: readonly StoredTrial[], method: Method): Promise<Candidate[]> {
    const { job, dataset } = context;
    const trained = selected.filter((trial) => trial.method === method && trial.state === 'SUCCEEDED');
    if (job.spec.finals.choice === 'BEST' || trained.length < 2) return bestCandidates(trained, method, 1);
    const { delivered } = await choosePooled(await this.contenders(trained), {
      partCount: partCountIn(context),
      classCount: dataset.classes.length,
      figure: judgedFigure(job.spec.evaluation.fitness),
      resampling: { key: `${job.id}/selection/${method}`, yieldNow },
    });
    const chosen = trained.filter(({ id }) => id === delivered.name);
    return bestCandidates(chosen, method, 1);
  }

  private async contenders(trials: readonly StoredTrial[]): Promise<PooledContender[]> {
    const trainings = groupBy(await this.trials.trainings(trials.map(({ id }) => id)), ({ trialId }) => trialId);
    return Promise.all(trials.map(({ id }) => this.contender(id, trainings.get(id) ?? [])));
  }

  private async contender(name: string, trainings: readonly Training[]): Promise<PooledContender> {
    const results = trainings
      .toSorted((a, b) => a.seed - b.seed)
      .flatMap(({ result }) => (result !== undefined && 'train' in result ? [result.train] : []));
    const read = async ({ predictions }: (typeof results)[number]) => {
      if (predictions === undefined) throw new Error(`a training of trial ${name} has no validation predictions`);
      return this.predictions.read(predictions);
    };
    return {
      name,
      costs: results.map(({ multiplyAccumulates }) => multiplyAccumulates),
      bySeed: await Promise.all(results.map(read)),
    };
  }
}

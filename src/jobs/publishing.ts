import { Injectable } from '@nestjs/common';
import type { JobResult } from '../domain/fine-tune-job.js';
import type { ModelFile } from '../domain/model-version.js';
import type { TrainResult } from '../domain/task.js';
import { ModelPublisher } from '../export/model-publisher.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { LeadershipRepository } from '../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../storage/postgres/model-version.repository.js';
import type { Transaction } from '../storage/postgres/transaction.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { Finals, testFigures, toMethodScore, type ScoredFinalist } from './finals.js';
import type { JobContext } from './job-context.js';

/** The training that made the delivered weights. */
interface DeliveredTraining {
  readonly seed: number;
  readonly result: TrainResult;
}

interface Published {
  readonly result: JobResult;
  readonly record: (transaction: Transaction) => Promise<void>;
}

/** Hands over the best finalist as a model version, and says how all of them did. */
@Injectable()
export class Publishing {
  constructor(
    private readonly finals: Finals,
    private readonly trials: TrialRepository,
    private readonly publisher: ModelPublisher,
    private readonly versions: ModelVersionRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly events: EventRepository,
  ) {}

  /**
   * Reserves the version and writes its files; may be repeated, with the same bytes under the same keys.
   *
   * @returns the job's result, and what makes the version READY: to be called in the transaction that ends the job.
   */
  async publish(context: JobContext): Promise<Published> {
    const { job, baseModel, dataset } = context;
    const scored = await this.finals.scored(context);
    const [best] = await this.trials.best([job.id]);
    const winner = scored?.[0];
    if (scored === undefined || winner === undefined || best?.genes === undefined || best.threshold === undefined) {
      throw new Error(`job ${job.id} is PUBLISHING without scores`);
    }
    const genome = { genes: best.genes, threshold: best.threshold };
    const figures = testFigures(winner.test);
    const scores = [...scored]
      .sort((a, b) => a.trial.slot - b.trial.slot)
      .map((each) => toMethodScore(job.project, each));
    const { method, lrMultipliers } = winner.trial;
    const version = await this.leaderships.fenced(context.leadership, (transaction) =>
      this.versions.reserve(
        transaction,
        {
          project: job.project,
          model: job.spec.output.model,
          jobId: job.id,
          trialId: winner.trial.id,
          method,
          baseModel: baseModel.name,
          datasetVersion: dataset.name,
          ...figures,
        },
        (number) => this.publisher.folderUri(job.project, job.spec.output.model, number),
      ),
    );
    const files = await this.publisher.write(job.project, version, winner.weights, {
      method,
      baseModel,
      imageSizePx: job.spec.data.imageSizePx,
      classes: dataset.classes,
      genome,
      lrMultipliers,
      test: winner.test,
      scores,
      lineage: this.lineage(context, winner, await this.deliveredTraining(winner)),
    });
    const result = {
      modelVersion: version.name,
      method,
      genome,
      lrMultipliers,
      ...figures,
      scores,
    };
    return { result, record: (transaction) => this.record(transaction, job.id, version.name, files) };
  }

  private async record(
    transaction: Transaction,
    jobId: string,
    modelVersion: string,
    files: readonly ModelFile[],
  ): Promise<void> {
    await this.versions.publish(transaction, jobId, files);
    await this.events.append(transaction, jobId, 'MODEL_VERSION_READY', { modelVersion });
  }

  private async deliveredTraining({ trial, weights }: ScoredFinalist): Promise<DeliveredTraining> {
    for (const { seed, result } of await this.trials.trainings([trial.id])) {
      if (result === undefined || !('train' in result)) continue;
      if (result.train.weights?.sha256 === weights.sha256) return { seed, result: result.train };
    }
    throw new Error(`no training of trial ${trial.id} made ${weights.sha256}`);
  }

  private lineage({ job, baseModel, dataset }: JobContext, { trial }: ScoredFinalist, training: DeliveredTraining) {
    const { name, sha256, license, sourceUri } = baseModel;
    return {
      job: `projects/${job.project}/fineTuneJobs/${job.id}`,
      trial: `projects/${job.project}/fineTuneJobs/${job.id}/trials/${trial.id}`,
      baseModel: { name, sha256, license, sourceUri },
      datasetVersion: dataset.name,
      datasetDigest: dataset.manifest?.sha256 ?? '',
      searchSeed: job.spec.search.seed,
      trainingSeed: training.seed,
      training: job.spec.training,
      algorithmVersion: job.algorithmVersion,
      runtime: training.result.runtime,
    };
  }
}

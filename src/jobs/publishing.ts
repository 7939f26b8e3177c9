import { Injectable } from '@nestjs/common';
import type { JobResult } from '../domain/fine-tune-job.js';
import type { TrainResult } from '../domain/task.js';
import { ModelPublisher } from '../export/model-publisher.js';
import { EventRepository } from '../storage/postgres/event.repository.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { Finals, toMethodScore, type ScoredFinalist } from './finals.js';
import type { JobContext } from './job-context.js';

/** The training that made the delivered weights. */
interface DeliveredTraining {
  readonly seed: number;
  readonly result: TrainResult;
}

/** Hands over the best finalist as a model version, and says how all of them did. */
@Injectable()
export class Publishing {
  constructor(
    private readonly finals: Finals,
    private readonly trials: TrialRepository,
    private readonly publisher: ModelPublisher,
    private readonly events: EventRepository,
  ) {}

  /** May be repeated after a crash: the version is reserved once per job and its files are written again. */
  async publish(context: JobContext): Promise<JobResult> {
    const { job, baseModel, dataset } = context;
    const scored = await this.finals.scored(context);
    const best = await this.trials.best(job.id);
    const winner = scored?.[0];
    if (scored === undefined || winner === undefined || best?.genes === undefined || best.threshold === undefined) {
      throw new Error(`job ${job.id} is PUBLISHING without scores`);
    }
    const genome = { genes: best.genes, threshold: best.threshold };
    const { accuracy, macroAccuracy } = winner.test;
    const scores = [...scored]
      .sort((a, b) => a.trial.slot - b.trial.slot)
      .map((each) => toMethodScore(job.project, each));
    const { method, lrMultipliers } = winner.trial;
    const version = await this.publisher.publish(
      {
        project: job.project,
        model: job.spec.output.model,
        jobId: job.id,
        trialId: winner.trial.id,
        method,
        baseModel: baseModel.name,
        datasetVersion: dataset.name,
        testAccuracy: accuracy,
        testMacroAccuracy: macroAccuracy,
      },
      winner.weights,
      {
        method,
        baseModel,
        imageSizePx: job.spec.data.imageSizePx,
        classes: dataset.classes,
        genome,
        lrMultipliers,
        test: winner.test,
        scores,
        lineage: this.lineage(context, winner, await this.deliveredTraining(winner)),
      },
    );
    await this.events.record(job.id, 'MODEL_VERSION_READY', { modelVersion: version.name });
    return {
      modelVersion: version.name,
      method,
      genome,
      lrMultipliers,
      testAccuracy: accuracy,
      testMacroAccuracy: macroAccuracy,
      scores,
    };
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

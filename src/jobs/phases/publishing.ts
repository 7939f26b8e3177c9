import { Injectable } from '@nestjs/common';
import { RESULT_CLASS_COUNT_MAX, withoutClassFigures } from '../../domain/job/job-result.js';
import { judgedFigure, validationFigure } from '../../domain/job/evaluation.js';
import type { ModelVersion } from '../../domain/model-version.js';
import { fineTuneJobName, trialName } from '../../domain/resource-names.js';
import { genomeOf } from '../../domain/job/trial.js';
import { priorEstimate } from '../../estimate/estimate-job.js';
import { ModelPublisher } from '../../export/model-publisher.js';
import type { ScoredFinalist, ScoredModel } from '../../report/finalist.js';
import { jobReport, type JobReport, testFigures } from '../../report/job-report.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import { seedResult, TrialRepository } from '../../storage/postgres/trial.repository.js';
import { FinalModels } from '../final-models.js';
import type { JobContext } from '../job-context.js';
import { fitToDataset } from '../job-specs.js';
import type { Phase, PhaseStep } from './phase.js';

/** The method that is delivered, and its model. */
interface Delivery {
  readonly scored: readonly [ScoredFinalist, ...ScoredFinalist[]];
  readonly model: ScoredModel;
}

/** Hands over the best finalist as a model version, and says how all of them did. */
@Injectable()
export class Publishing implements Phase {
  constructor(
    private readonly models: FinalModels,
    private readonly trials: TrialRepository,
    private readonly tasks: TaskRepository,
    private readonly publisher: ModelPublisher,
    private readonly versions: ModelVersionRepository,
    private readonly leaderships: LeadershipRepository,
    private readonly events: EventRepository,
  ) {}

  /** Reserves the version and writes its files; a repeat writes the same bytes under the same keys. */
  async advance(context: JobContext): Promise<PhaseStep> {
    const { job, dataset } = context;
    const delivery = await this.delivery(context);
    const report = await this.report(context, delivery);
    const version = await this.reserve(context, delivery);
    const files = await this.publisher.write(job.project, version, delivery.model.training.weights, {
      ...publishedFacts(context, delivery, report),
      test: { ...delivery.model.test, confusionMatrix: report.confusionMatrix },
      scores: report.scores,
    });
    const whole = { modelVersion: version.name, ...report, estimate: estimateOf(context) };
    return {
      then: 'DONE',
      change: {
        stopReason: job.stopReason ?? 'COMPLETED',
        result: dataset.classes.length > RESULT_CLASS_COUNT_MAX ? withoutClassFigures(whole) : whole,
      },
      write: async (transaction) => {
        await this.versions.publish(transaction, job.id, files);
        await this.events.append(transaction, job.id, 'MODEL_VERSION_READY', { modelVersion: version.name });
      },
    };
  }

  private async delivery(context: JobContext): Promise<Delivery> {
    const [winner, ...others] = (await this.models.scored(context)) ?? [];
    const model = winner?.models[0];
    if (winner !== undefined && model !== undefined) return { scored: [winner, ...others], model };
    throw new Error(`job ${context.job.id} is PUBLISHING without scores`);
  }

  private async report({ job, baseModel, dataset }: JobContext, { scored, model }: Delivery): Promise<JobReport> {
    const sources = {
      job,
      baseModel,
      dataset,
      scored,
      delivered: model,
      totals: await this.trials.trainingTotals([job.id]),
      infeasible: await this.tasks.infeasibleCounts(job.id),
      runtimes: await this.trials.runtimes(job.id),
      seedFigures: await this.seedFigures(job),
    };
    return jobReport(sources, yieldNow);
  }

  /** The validation figures that fitness is made of, of each trial of the search, one per seed. */
  private async seedFigures({ id, spec }: JobContext['job']): Promise<number[][]> {
    const trials = await this.trials.list(id, 'SEARCH');
    const figure = judgedFigure(spec.evaluation.fitness);
    const figures = new Map<string, number[]>(trials.map(({ id }) => [id, []]));
    for (const training of await this.trials.trainings([...figures.keys()])) {
      const result = seedResult(training);
      if (result !== undefined) figures.get(training.trialId)?.push(validationFigure(result, figure));
    }
    return [...figures.values()];
  }

  private reserve({ job, baseModel, dataset, leadership }: JobContext, { scored, model }: Delivery) {
    const [{ trial }] = scored;
    const version = {
      project: job.project,
      model: job.spec.output.model,
      jobId: job.id,
      trialId: trial.id,
      method: trial.method,
      baseModel: baseModel.name,
      datasetVersion: dataset.name,
      ...testFigures(model),
    };
    return this.leaderships.fenced(leadership, (transaction): Promise<ModelVersion> =>
      this.versions.reserve(transaction, version, (number) =>
        this.publisher.folderUri(job.project, job.spec.output.model, number),
      ),
    );
  }
}

/** What the job's estimate says; it follows from the job and its images, so that it need not be kept from before. */
const estimateOf = ({ job, baseModel, dataset }: JobContext) =>
  priorEstimate({
    spec: fitToDataset(job.spec, dataset),
    baseModel,
    classes: dataset.classes,
    multiplyAccumulatesPerSecond: undefined,
  });

/** Lets whatever else waits in this process run. */
const yieldNow = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What the files of a model version say of it, beside its figures. */
function publishedFacts(context: JobContext, { scored, model }: Delivery, { method, lrMultipliers }: JobReport) {
  const { job, baseModel, dataset } = context;
  const [{ trial }] = scored;
  const genome = genomeOf(trial);
  const { settings } = trial;
  return {
    method,
    baseModel,
    imageSizePx: job.spec.data.imageSizePx,
    classes: dataset.classes,
    ...(genome !== undefined && { genome }),
    lrMultipliers,
    ...(settings !== undefined && { settings }),
    lineage: lineage(context, trial.id, model),
  };
}

function lineage({ job, baseModel, dataset }: JobContext, trialId: string, { seed, training }: ScoredModel) {
  const { name, sha256, license, sourceUri } = baseModel;
  return {
    job: fineTuneJobName(job.project, job.id),
    trial: trialName(job.project, job.id, trialId),
    baseModel: { name, sha256, license, sourceUri },
    datasetVersion: dataset.name,
    datasetDigest: dataset.manifest?.sha256 ?? '',
    searchSeed: job.spec.search.seed,
    trainingSeed: seed,
    training: job.spec.training,
    algorithmVersion: job.algorithmVersion,
    runtime: training.runtime,
  };
}

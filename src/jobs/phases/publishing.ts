import { Injectable } from '@nestjs/common';
import { RESULT_CLASS_COUNT_MAX, withoutClassFigures } from '../../domain/job/job-result.js';
import { withSettings } from '../../domain/job/candidate-settings.js';
import { isValidated, judgedFigure, validationFigure } from '../../domain/job/evaluation.js';
import type { ParetoPoint } from '../../domain/job/search-objectives.js';
import type { ModelVersion } from '../../domain/model-version.js';
import { fineTuneJobName, trialName } from '../../domain/resource-names.js';
import { groupBy } from '../../domain/group-by.js';
import type { Rung } from '../../domain/job/job-result.js';
import { rungsReached } from '../../search/search-plan.js';
import { rungLosses } from '../trials/rung-losses.js';
import { genomeOf, type StoredTrial } from '../../domain/job/trial.js';
import type { Lineage, ModelDescription } from '../../export/model-files.js';
import { priorEstimate } from '../../estimate/estimate-job.js';
import { ModelPublisher } from '../../export/model-publisher.js';
import type { Method } from '../../methods/method-table.js';
import { type DeliveredMethod, deliveredMethod } from '../../report/delivered-method.js';
import type { ScoredModel } from '../../report/finalist.js';
import { jobReport, type JobReport, testFigures } from '../../report/job-report.js';
import { contendersOf, withRetrained } from '../../report/retrained-method.js';
import { priorOutcomes } from '../../search/prior-outcomes.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Training } from '../../storage/postgres/training-parts.js';
import { seedResult, TrialRepository } from '../../storage/postgres/trial.repository.js';
import { FinalModels } from '../trials/final-models.js';
import { type JobContext, partCountIn, searchScopeOf } from '../job-context.js';
import { fitToDataset } from '../requests/job-specs.js';
import { paretoPointsOf } from '../trials/pareto-points.js';
import { yieldNow } from '../yield-now.js';
import type { Phase, PhaseStep } from './phase.js';

/** The method that is delivered, and its model. */
interface DeliveredModel extends DeliveredMethod {
  readonly model: ScoredModel;
}

/** Hands over a model of the chosen method as a model version, and says how all of them did. */
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
      validationPredictions: predictionsOf(delivery),
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

  private async delivery(context: JobContext): Promise<DeliveredModel> {
    const { job, dataset } = context;
    const setting = { job, partCount: partCountIn(context), classCount: dataset.classes.length, yieldNow };
    const { contenders, retrained } = contendersOf((await this.models.scored(context)) ?? []);
    const chosen = withRetrained(await deliveredMethod(contenders, setting), retrained);
    const [model] = chosen.delivered.models;
    if (model === undefined) throw new Error(`job ${job.id} is PUBLISHING without a model of its method`);
    return { ...chosen, model };
  }

  private async report(context: JobContext, delivery: DeliveredModel): Promise<JobReport> {
    const { job, baseModel, dataset } = context;
    const searched = await this.trials.list(job.id, 'SEARCH');
    const trainings = groupBy(await this.trials.trainings(searched.map(({ id }) => id)), ({ trialId }) => trialId);
    const sources = {
      job,
      baseModel,
      dataset,
      ...delivery,
      totals: await this.trials.trainingTotals([job.id]),
      infeasible: await this.tasks.infeasibleCounts(job.id),
      runtimes: await this.trials.runtimes(job.id),
      seedFigures: seedFiguresOf(job, searched, trainings),
      rungs: rungsOf(context, searched, trainings),
      paretoPoints: await this.paretoPoints(context, searched),
      priors: priorOutcomes(job, baseModel.blocks, searched),
    };
    return jobReport(sources, yieldNow);
  }

  /** The candidates of the search, by the objectives of the job; empty where it has none beside the figure. */
  private async paretoPoints(context: JobContext, searched: readonly StoredTrial[]): Promise<ParetoPoint[]> {
    const { id, spec } = context.job;
    if (spec.search.objectives.length === 0) return [];
    const trials = [...(await this.trials.list(id, 'SELECTION')), ...searched];
    return paretoPointsOf(context, trials, await this.trials.trainings(trials.map((trial) => trial.id)));
  }

  private reserve({ job, baseModel, dataset, leadership }: JobContext, { delivered, model }: DeliveredModel) {
    const { trial } = delivered;
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

/** The trainings of a job's search, by the ids of their trials. */
type TrainingsOfTrials = ReadonlyMap<string, readonly Training[]>;

/** How the rungs of the search have dropped candidates. */
function rungsOf(context: JobContext, searched: readonly StoredTrial[], trainings: TrainingsOfTrials): Rung[] {
  const lossesOf = ({ id, reusedTrialId = id }: StoredTrial) => rungLosses(trainings.get(reusedTrialId) ?? []);
  return rungsReached(
    searchScopeOf(context),
    searched.map((trial) => ({ ...trial, losses: lossesOf(trial) })),
  );
}

/**
 * The validation figures that fitness is made of, of each trial of the search that has one, one per seed; none where each seed
 * has images of its own.
 */
function seedFiguresOf(
  { spec }: JobContext['job'],
  searched: readonly StoredTrial[],
  trainings: TrainingsOfTrials,
): number[][] {
  const figure = judgedFigure(spec.evaluation.fitness);
  return searched
    .filter(({ state }) => state !== 'PRUNED')
    .map(({ id }) =>
      (spec.evaluation.division === 'REDIVIDED' ? [] : (trainings.get(id) ?? []))
        .flatMap((training) => seedResult(training) ?? [])
        .filter(isValidated)
        .map((result) => validationFigure(result, figure)),
    );
}

/** What the job's estimate says; it follows from the job and its images, so that it need not be kept from before. */
const estimateOf = ({ job, baseModel, dataset }: JobContext) =>
  priorEstimate({
    spec: fitToDataset(job.spec, dataset),
    baseModel,
    classes: dataset.classes,
    multiplyAccumulatesPerSecond: undefined,
  });

/** What the files of a model version say of it, beside its figures. */
function publishedFacts(
  context: JobContext,
  { delivered, model }: DeliveredModel,
  { method, lrMultipliers, scores }: JobReport,
) {
  const { job, baseModel, dataset } = context;
  const { trial } = delivered;
  const genome = genomeOf(trial);
  const { settings } = trial;
  const repeated = retrainedOf(scores, method);
  return {
    method,
    baseModel,
    imageSizePx: withSettings(job.spec, settings).data.imageSizePx,
    classes: dataset.classes,
    ...(genome !== undefined && { genome }),
    lrMultipliers,
    ...(settings !== undefined && { settings }),
    lineage: {
      ...lineage(context, trial, model),
      ...(repeated !== undefined && { retrained: repeated }),
    },
  };
}

/** What each final model takes its validation images for, where its training has kept that. */
const predictionsOf = ({ ranked }: DeliveredMethod): ModelDescription['validationPredictions'] =>
  ranked
    .toSorted((a, b) => a.trial.slot - b.trial.slot)
    .flatMap(({ trial, models }) =>
      models
        .toSorted((a, b) => a.seed - b.seed)
        .flatMap(({ seed, validation }) =>
          validation === undefined ? [] : [{ method: trial.method, seed, ...validation }],
        ),
    );

/** The method that the delivered one repeats, and the epochs of each stage; undefined of a method that repeats none. */
function retrainedOf(scores: JobReport['scores'], delivered: Method): Lineage['retrained'] {
  const retrained = scores.find(({ method }) => method === delivered)?.retrained;
  return retrained && { method: retrained.method, stageEpochCounts: retrained.stageEpochCounts };
}

function lineage(
  { job, baseModel, dataset }: JobContext,
  trial: StoredTrial,
  { seed, training, soupMembers }: ScoredModel,
): Lineage {
  const nameOf = (id: string) => trialName(job.project, job.id, id);
  const { name, sha256, license, sourceUri } = baseModel;
  return {
    job: fineTuneJobName(job.project, job.id),
    trial: nameOf(trial.id),
    baseModel: { name, sha256, license, sourceUri },
    datasetVersion: dataset.name,
    datasetDigest: dataset.manifest?.sha256 ?? '',
    searchSeed: job.spec.search.seed,
    trainingSeed: seed,
    training: withSettings(job.spec, trial.settings).training,
    ...(soupMembers !== undefined && { soupMembers: soupMembers.map(nameOf) }),
    algorithmVersion: job.algorithmVersion,
    runtime: training.runtime,
  };
}

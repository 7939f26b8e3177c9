import { Injectable } from '@nestjs/common';
import { foldCountOf, imageCountsOf, imageStepOf } from '../../domain/dataset-folds.js';
import type { Genome } from '../../domain/genome.js';
import {
  type JobResult,
  RESULT_CLASS_COUNT_MAX,
  type Resolution,
  withoutClassFigures,
} from '../../domain/job-result.js';
import type { ModelFile } from '../../domain/model-version.js';
import { fineTuneJobName, trialName } from '../../domain/resource-names.js';
import type { TestScore } from '../../domain/task.js';
import { ModelPublisher } from '../../export/model-publisher.js';
import { EventRepository } from '../../storage/postgres/event.repository.js';
import { LeadershipRepository } from '../../storage/postgres/leadership.repository.js';
import { ModelVersionRepository } from '../../storage/postgres/model-version.repository.js';
import { TaskRepository } from '../../storage/postgres/task.repository.js';
import type { Transaction } from '../../storage/postgres/transaction.js';
import type { TrialEntity } from '../../storage/postgres/trial.entities.js';
import { seedResult, TrialRepository } from '../../storage/postgres/trial.repository.js';
import { confusionMatrix } from '../../report/confusion-matrix.js';
import { Finals, type ScoredFinalist, type ScoredModel } from './finals.js';
import type { JobContext } from '../job-context.js';
import { compareWithBaseline, costOf, measuredResolution, methodScores, modelInterval } from '../../report/report.js';
import { warningsOf } from '../../report/report-warnings.js';
import { verdictOf } from '../../report/verdict.js';

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
    private readonly tasks: TaskRepository,
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
    const winner = scored?.[0];
    const delivered = winner?.models[0];
    if (scored === undefined || winner === undefined || delivered === undefined) {
      throw new Error(`job ${job.id} is PUBLISHING without scores`);
    }
    const { method, lrMultipliers } = winner.trial;
    const figures = testFigures(delivered.test);
    const report = await this.report(context, scored, delivered);
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
    const genome = genomeOf(winner.trial);
    const files = await this.publisher.write(job.project, version, delivered.training.weights, {
      method,
      baseModel,
      imageSizePx: job.spec.data.imageSizePx,
      classes: dataset.classes,
      ...(genome !== undefined && { genome }),
      lrMultipliers,
      test: { ...delivered.test, confusionMatrix: report.confusionMatrix },
      scores: report.scores,
      lineage: lineage(context, winner.trial.id, delivered),
    });
    const whole = { modelVersion: version.name, method, lrMultipliers, ...figures, ...report };
    const result = dataset.classes.length > RESULT_CLASS_COUNT_MAX ? withoutClassFigures(whole) : whole;
    return { result, record: (transaction) => this.record(transaction, job.id, version.name, files) };
  }

  /** All of the result that does not depend on the version's number. */
  private async report(
    context: JobContext,
    scored: readonly ScoredFinalist[],
    delivered: ScoredModel,
  ): Promise<Omit<JobResult, 'modelVersion' | 'method' | 'lrMultipliers' | keyof ReturnType<typeof testFigures>>> {
    const { job, dataset } = context;
    const totals = await this.trials.trainingTotals([job.id]);
    const setting = {
      jobId: job.id,
      classCount: dataset.classes.length,
      trialName: (id: string) => trialName(job.project, job.id, id),
      totals,
      yieldNow,
    };
    const bySlot = scored.toSorted((a, b) => a.trial.slot - b.trial.slot);
    const found = scored.find(({ trial }) => trial.method === 'BIOTUNE')?.trial;
    const comparison = await compareWithBaseline(scored, setting);
    const genome = found === undefined ? undefined : genomeOf(found);
    const resolution = await this.resolution(context, scored);
    return {
      ...(genome !== undefined && { genome }),
      testAccuracyInterval: await modelInterval(delivered, setting),
      confusionMatrix:
        setting.classCount > RESULT_CLASS_COUNT_MAX ? [] : confusionMatrix(delivered.test, setting.classCount),
      scores: await methodScores(bySlot, setting),
      ...(comparison !== undefined && { comparison }),
      ...(resolution !== undefined && { resolution }),
      verdict: verdictOf({
        delivered: scored[0]?.trial.method ?? 'BIOTUNE',
        wasAsked: { search: job.spec.search.type === 'BIOTUNE', baselines: job.spec.baselines.length > 0 },
        hasWinner: found !== undefined,
        comparison,
      }),
      warnings: warningsOf(context, { scored, resolution, infeasible: await this.tasks.infeasibleCounts(job.id) }),
      cost: costOf(totals),
      runtimes: await this.trials.runtimes(job.id),
    };
  }

  private async resolution(
    { job, dataset }: JobContext,
    scored: readonly ScoredFinalist[],
  ): Promise<Resolution | undefined> {
    const trials = await this.trials.list(job.id, 'SEARCH');
    if (trials.length === 0) return undefined;
    const seedFigures = new Map<string, number[]>(trials.map(({ id }) => [id, []]));
    for (const training of await this.trials.trainings([...seedFigures.keys()])) {
      const result = seedResult(training);
      if (result !== undefined) seedFigures.get(training.trialId)?.push(result.validationAccuracy);
    }
    const { seedCount, fitness } = job.spec.evaluation;
    const foldCount = foldCountOf(job.spec.data);
    const imageCount = imageCountsOf(dataset.classes, foldCount).validation;
    const size = { imageCount, seedCount, imageStep: imageStepOf(dataset.classes, foldCount, fitness) };
    return measuredResolution(scored, [...seedFigures.values()], size);
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
}

/** Lets whatever else waits in this process run. */
const yieldNow = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const testFigures = ({ accuracy, macroAccuracy, macroF1, calibrationError }: TestScore) => ({
  testAccuracy: accuracy,
  testMacroAccuracy: macroAccuracy,
  testMacroF1: macroF1,
  testCalibrationError: calibrationError,
});

function genomeOf({ genes, threshold }: TrialEntity): Genome | undefined {
  return genes === undefined || threshold === undefined ? undefined : { genes, threshold };
}

function lineage(context: JobContext, trialId: string, { seed, training }: ScoredModel) {
  const { job, baseModel, dataset } = context;
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

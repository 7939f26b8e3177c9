import { Injectable } from '@nestjs/common';
import type { ImageCounts } from '../cost/training-cost.js';
import { addCosts, type Cost, NO_COST } from '../domain/cost.js';
import { type DatasetVersion, parseDatasetVersionName } from '../domain/dataset.js';
import { DomainError } from '../domain/errors.js';
import type { JobEstimate } from '../domain/estimate.js';
import type { CreateFineTuneJob, FineTuneJobSpec } from '../domain/fine-tune-job.js';
import { newId } from '../domain/ids.js';
import { isSearching, type Method } from '../domain/method.js';
import { networkByArchitecture } from '../networks/registry.js';
import { DatasetRepository } from '../storage/postgres/dataset.repository.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { BaseModelService } from '../catalog/base-model.service.js';
import { checkDatasetFits } from '../jobs/dataset-fit.js';
import { FineTuneJobService } from '../jobs/fine-tune-job.service.js';
import { imageCounts, imageStep } from '../jobs/image-counts.js';
import { foldCount } from '../jobs/job-context.js';
import { JobSpecs } from '../jobs/job-specs.js';
import { methodsOf } from '../jobs/methods.js';
import { assumedResolution, resolutionWarnings } from '../report/search-resolution.js';
import { listOf, plannedTrialCount, rulesOf, type SearchContext } from '../jobs/phases/search-plan.js';
import { estimateParameters } from './parameter-estimate.js';
import { estimateTraining, networkCosts } from './training-estimate.js';

/** Says what a job would take, before it is started. */
@Injectable()
export class EstimateService {
  constructor(
    private readonly jobs: FineTuneJobService,
    private readonly specs: JobSpecs,
    private readonly baseModels: BaseModelService,
    private readonly datasets: DatasetRepository,
    private readonly trials: TrialRepository,
  ) {}

  /**
   * Counts as the job's own meter does, with all epochs of every training; seconds by the speed of earlier trainings of the
   * base model at the image size.
   *
   * @throws {DomainError} what creating the job would be refused for; DATASET_NOT_READY for images that are not imported.
   */
  async estimate(project: string, request: CreateFineTuneJob): Promise<JobEstimate> {
    await this.jobs.check(project, request);
    const dataset = await this.activeVersion(request.dataset);
    const spec = await this.specs.fill(project, request, newId('ftj'));
    checkDatasetFits(dataset, { foldCount: foldCount({ job: { spec } }), batchSize: spec.training.batchSize });
    const baseModel = await this.baseModels.get(spec.baseModel);
    const network = networkByArchitecture(baseModel.architecture);
    const costs = networkCosts(network, spec.data.imageSizePx, dataset.classes.length);
    const context = { job: { spec }, baseModel };
    const setting = { spec, costs, rules: rulesOf(context).blocks };
    const speed = await this.trials.multiplyAccumulatesPerSecond(spec.baseModel, spec.data.imageSizePx);
    const [fold, all] = [imageCounts(dataset, foldCount(context)), imageCounts(dataset, 1)];
    const methods = methodsOf(spec).map((method) => {
      const trialCount = candidateCount(context, method);
      const costOf = (trainingCount: number, images: ImageCounts): Cost => {
        const { epochCount, multiplyAccumulates } = estimateTraining(method, setting, images);
        return {
          trainingCount,
          epochCount: epochCount * trainingCount,
          multiplyAccumulates: multiplyAccumulates * trainingCount,
          ...(speed !== undefined && { trainSeconds: (multiplyAccumulates * trainingCount) / speed }),
        };
      };
      const searched = costOf(trialCount * spec.search.biotune.seedCount, fold);
      const parameters = estimateParameters(method, network, dataset.classes.length, {
        methods: spec.methods,
        rules: setting.rules,
      });
      const cost = addCosts(searched, costOf(retrainingCount(spec, trialCount), all));
      return { method, trialCount, cost, ...parameters };
    });
    const cost = methods.map((method) => method.cost).reduce(addCosts, NO_COST);
    if (!methods.some(({ trialCount }) => trialCount > 0)) return { methods, cost, warnings: [] };
    const { seedCount, fitness } = spec.search.biotune;
    const resolution = assumedResolution({
      imageCount: fold.validation,
      seedCount,
      imageStep: imageStep(dataset, foldCount(context), fitness),
    });
    return { methods, cost, resolution, warnings: resolutionWarnings(resolution) };
  }

  private async activeVersion(name: string): Promise<DatasetVersion> {
    const named = parseDatasetVersionName(name);
    const version = named === undefined ? undefined : await this.datasets.findVersion(named.datasetId, named.number);
    if (version?.state === 'ACTIVE') return version;
    throw new DomainError(
      'DATASET_NOT_READY',
      `${name} is not imported, so its images are not counted: POST /datasets, wait until its version is ACTIVE, and name that.`,
      { dataset: name },
    );
  }
}

function candidateCount(context: SearchContext, method: Method): number {
  if (!isSearching(method)) return 0;
  return method === 'BIOTUNE' ? plannedTrialCount(context.job.spec) : listOf(context, method).length;
}

/** Trainings on all the data: the choice among the best candidates, then the report. */
function retrainingCount({ finals }: FineTuneJobSpec, trialCount: number): number {
  const contested = Math.min(finals.finalistCount, trialCount);
  return finals.seedCount * ((contested > 1 ? contested : 0) + 1);
}

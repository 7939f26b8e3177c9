import { Injectable } from '@nestjs/common';
import type { ImageCounts } from '../cost/training-cost.js';
import { addCosts, type Cost, NO_COST } from '../domain/job/cost.js';
import { foldCountOf, imageCountsOf, imageStepOf } from '../domain/dataset/dataset-folds.js';
import { DomainError } from '../domain/errors.js';
import type { JobEstimate } from '../domain/job/estimate.js';
import type { CreateFineTuneJob } from '../domain/job/create-fine-tune-job.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import { newId } from '../domain/ids.js';
import { type Method, methodOf } from '../methods/method-table.js';
import { networkByArchitecture } from '../networks/registry.js';
import { TrialRepository } from '../storage/postgres/trial.repository.js';
import { BaseModelService } from '../catalog/base-model.service.js';
import { JobAdmission } from '../jobs/job-admission.js';
import { methodsOf } from '../jobs/methods.js';
import { assumedResolution, resolutionWarnings } from '../report/search-resolution.js';
import { listOf, plannedTrialCount, rulesOf, type SearchContext } from '../jobs/phases/search-plan.js';
import { estimateParameters } from './parameter-estimate.js';
import { estimateTraining, networkCosts } from './training-estimate.js';

/** Says what a job would take, before it is started. */
@Injectable()
export class EstimateService {
  constructor(
    private readonly admission: JobAdmission,
    private readonly baseModels: BaseModelService,
    private readonly trials: TrialRepository,
  ) {}

  /**
   * Counts as the job's own meter does, with all epochs of every training; seconds by the speed of earlier trainings of the
   * base model at the image size.
   *
   * @throws {DomainError} what creating the job would be refused for; DATASET_NOT_READY for images that are not imported.
   */
  async estimate(project: string, request: CreateFineTuneJob): Promise<JobEstimate> {
    const admitted = await this.admission.admit(project, request, newId('ftj'));
    if (admitted.dataset === undefined) throw notImported(request);
    const { spec, dataset } = admitted;
    const { classes } = dataset;
    const foldCount = foldCountOf(spec.data);
    const baseModel = await this.baseModels.get(spec.baseModel);
    const network = networkByArchitecture(baseModel.architecture);
    const costs = networkCosts(network, spec.data.imageSizePx, classes.length);
    const context = { job: { spec }, baseModel };
    const setting = { spec, costs, rules: rulesOf(context).blocks };
    const speed = await this.trials.multiplyAccumulatesPerSecond(spec.baseModel, spec.data.imageSizePx);
    const [fold, all] = [imageCountsOf(classes, foldCount), imageCountsOf(classes, 1)];
    const methods = methodsOf(spec).map((method) => {
      const definition = methodOf(method);
      const trialCount = candidateCount(context, method);
      const costOf = (trainingCount: number, images: ImageCounts): Cost => {
        const { epochCount, multiplyAccumulates } = estimateTraining(definition, setting, images);
        return {
          trainingCount,
          epochCount: epochCount * trainingCount,
          multiplyAccumulates: multiplyAccumulates * trainingCount,
          ...(speed !== undefined && { trainSeconds: (multiplyAccumulates * trainingCount) / speed }),
        };
      };
      const searched = costOf(trialCount * spec.evaluation.seedCount, fold);
      const parameters = estimateParameters(definition, network, classes.length, setting);
      const cost = addCosts(searched, costOf(retrainingCount(spec, trialCount), all));
      return { method, trialCount, cost, ...parameters };
    });
    const cost = methods.map((method) => method.cost).reduce(addCosts, NO_COST);
    if (!methods.some(({ trialCount }) => trialCount > 0)) return { methods, cost, warnings: [] };
    const { seedCount, fitness } = spec.evaluation;
    const resolution = assumedResolution({
      imageCount: fold.validation,
      seedCount,
      imageStep: imageStepOf(classes, foldCount, fitness),
    });
    return { methods, cost, resolution, warnings: resolutionWarnings(resolution) };
  }
}

function notImported({ dataset }: CreateFineTuneJob): DomainError {
  const name = dataset.kind === 'VERSION' ? dataset.name : dataset.uri;
  return new DomainError(
    'DATASET_NOT_READY',
    `${name} is not imported, so its images are not counted: POST /datasets, wait until its version is ACTIVE, and name that.`,
    { dataset: name },
  );
}

function candidateCount(context: SearchContext, method: Method): number {
  const definition = methodOf(method);
  if (definition.kind === 'FIXED') return 0;
  return listOf(context, definition)?.length ?? plannedTrialCount(context.job.spec);
}

/** Trainings on all the data: the choice among the best candidates, then the report. */
function retrainingCount({ finals }: FineTuneJobSpec, trialCount: number): number {
  const contested = Math.min(finals.finalistCount, trialCount);
  return finals.seedCount * ((contested > 1 ? contested : 0) + 1);
}

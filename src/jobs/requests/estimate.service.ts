import { Injectable } from '@nestjs/common';
import { BaseModelService } from '../../catalog/base-model.service.js';
import { DomainError } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import type { CreateFineTuneJob } from '../../domain/job/create-fine-tune-job.js';
import type { JobEstimate } from '../../domain/job/estimate.js';
import { estimateJob } from '../../estimate/estimate-job.js';
import { TrialRepository } from '../../storage/postgres/trial.repository.js';
import { JobAdmission } from './job-admission.js';

/** Says what a job would take, before it is started. */
@Injectable()
export class EstimateService {
  constructor(
    private readonly admission: JobAdmission,
    private readonly baseModels: BaseModelService,
    private readonly trials: TrialRepository,
  ) {}

  /**
   * Estimates a job as `estimateJob` does, with seconds by the speed of earlier trainings of the base model at the image size.
   *
   * @throws {DomainError} what creating the job would be refused for; DATASET_NOT_READY for images that are not imported.
   */
  async estimate(project: string, request: CreateFineTuneJob): Promise<JobEstimate> {
    const admitted = await this.admission.admit(project, request, newId('ftj'));
    if (admitted.dataset === undefined) throw notImported(request);
    const { spec, dataset } = admitted;
    const baseModel = await this.baseModels.get(spec.baseModel);
    const multiplyAccumulatesPerSecond = await this.trials.multiplyAccumulatesPerSecond(
      spec.baseModel,
      spec.data.imageSizePx,
    );
    return estimateJob({ spec, baseModel, classes: dataset.classes, multiplyAccumulatesPerSecond });
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

import { Injectable } from '@nestjs/common';
import type { CreateFineTuneJob } from '../../domain/job/create-fine-tune-job.js';
import { DomainError } from '../../domain/errors.js';
import type { FineTuneJobSpec, FittedSpec } from '../../domain/job/fine-tune-job.js';
import { DatasetService } from '../../catalog/dataset.service.js';
import type { StoredDatasetVersion } from '../../domain/dataset/dataset.js';
import { DatasetRepository } from '../../storage/postgres/dataset.repository.js';
import { FineTuneJobRepository } from '../../storage/postgres/fine-tune-job.repository.js';
import { fitToDataset, JobSpecs } from './job-specs.js';

/** What a request comes to: a spec, which fits its images where they are imported. */
export type Admitted =
  | { readonly dataset: undefined; readonly spec: FineTuneJobSpec }
  | { readonly dataset: StoredDatasetVersion; readonly spec: FittedSpec };

/** Decides which requests become jobs; an estimate is refused for whatever the job would be. */
@Injectable()
export class JobAdmission {
  constructor(
    private readonly jobs: FineTuneJobRepository,
    private readonly datasets: DatasetRepository,
    private readonly datasetService: DatasetService,
    private readonly specs: JobSpecs,
  ) {}

  /**
   * Refuses what cannot succeed, before anything is written. What depends on images that are not imported yet is left to
   * the coordinator.
   *
   * @throws {DomainError} EXTERNAL_ID_TAKEN; of the dataset as `DatasetService.checkSource`, DATASET_NOT_FOUND,
   *   DATASET_NOT_READY, SPLIT_ALREADY_FIXED; as `JobSpecs.fill`; as `fitToDataset`.
   */
  async admit(project: string, request: CreateFineTuneJob, jobId: string): Promise<Admitted> {
    if (request.externalId !== undefined) await this.checkExternalId(project, request.externalId);
    const dataset = await this.checkDataset(project, request);
    const spec = await this.specs.fill(project, request, jobId);
    return dataset?.state === 'ACTIVE' ? { dataset, spec: fitToDataset(spec, dataset) } : { dataset: undefined, spec };
  }

  async checkExternalId(project: string, externalId: string): Promise<void> {
    const taken = await this.jobs.findByExternalId(project, externalId);
    if (taken === undefined) return;
    const metadata = { externalId, job: taken.id };
    throw new DomainError('EXTERNAL_ID_TAKEN', `externalId ${externalId} belongs to job ${taken.id}.`, metadata);
  }

  /** @returns the version that a request names; undefined for images that are still to be imported. */
  private async checkDataset(
    project: string,
    { dataset, data }: CreateFineTuneJob,
  ): Promise<StoredDatasetVersion | undefined> {
    if (dataset.kind === 'S3') {
      await this.datasetService.checkSource(dataset);
      return undefined;
    }
    const { name } = dataset;
    const version = await this.datasets.findVersion(dataset.dataset, dataset.number);
    if (version === undefined || dataset.project !== project || version.project !== project) {
      throw new DomainError('DATASET_NOT_FOUND', `There is no ${name}.`, { dataset: name });
    }
    if (version.state === 'REJECTED') {
      const why = version.error === undefined ? '' : `: ${version.error.message}`;
      throw new DomainError('DATASET_NOT_READY', `${name} was rejected${why}`, { dataset: name });
    }
    if (data.split !== undefined) {
      const message = 'a dataset version is divided already: leave data.split out, or name the images by s3://';
      const violations = [{ pointer: '/data/split', message }];
      throw new DomainError('SPLIT_ALREADY_FIXED', `${name}: ${message}.`, {}, { violations });
    }
    return version;
  }
}

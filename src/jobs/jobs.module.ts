import { Module } from '@nestjs/common';
import { BaseModelService } from '../catalog/base-model.service.js';
import { DatasetService } from '../catalog/dataset.service.js';
import { ModelVersionService } from '../catalog/model-version.service.js';
import { EstimateService } from './requests/estimate.service.js';
import { FineTuneJobService } from './requests/fine-tune-job.service.js';
import { JobAdmission } from './requests/job-admission.js';
import { JobSpecs } from './requests/job-specs.js';
import { TrialService } from './requests/trial.service.js';
import { WarmStarts } from './requests/warm-starts.js';

const SERVICES = [
  BaseModelService,
  DatasetService,
  EstimateService,
  FineTuneJobService,
  ModelVersionService,
  TrialService,
];

/** What callers may do; needs `ConfigModule` and `StorageModule`. */
@Module({ providers: [...SERVICES, JobAdmission, JobSpecs, WarmStarts], exports: SERVICES })
export class JobsModule {}

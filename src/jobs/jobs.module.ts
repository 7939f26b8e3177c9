import { Module } from '@nestjs/common';
import { BaseModelService } from '../catalog/base-model.service.js';
import { DatasetService } from '../catalog/dataset.service.js';
import { ModelVersionService } from '../catalog/model-version.service.js';
import { EstimateService } from './estimate.service.js';
import { FineTuneJobService } from './fine-tune-job.service.js';
import { JobAdmission } from './job-admission.js';
import { JobSpecs } from './job-specs.js';
import { TrialService } from './trial.service.js';
import { WarmStarts } from './warm-starts.js';

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

import { Module } from '@nestjs/common';
import { BaseModelService } from './base-model.service.js';
import { DatasetService } from './dataset.service.js';
import { EstimateService } from './estimate.service.js';
import { FineTuneJobService } from './fine-tune-job.service.js';
import { HealthService } from './health.service.js';
import { JobSpecs } from './job-specs.js';
import { ModelVersionService } from './model-version.service.js';
import { TrialService } from './trial.service.js';

const SERVICES = [
  BaseModelService,
  DatasetService,
  EstimateService,
  FineTuneJobService,
  HealthService,
  ModelVersionService,
  TrialService,
];

/** What callers may do; needs `StorageModule`. */
@Module({ providers: [...SERVICES, JobSpecs], exports: SERVICES })
export class JobsModule {}

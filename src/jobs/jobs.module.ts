import { type DynamicModule, Module } from '@nestjs/common';
import type { JobDefaultsConfig } from '../config/config.js';
import { BaseModelService } from '../catalog/base-model.service.js';
import { DatasetService } from '../catalog/dataset.service.js';
import { EstimateService } from '../estimate/estimate.service.js';
import { FineTuneJobService } from './fine-tune-job.service.js';
import { HealthService } from '../storage/health.service.js';
import { JobAdmission } from './job-admission.js';
import { JobSpecs, REPRODUCIBILITY_DEFAULT } from './job-specs.js';
import { ModelVersionService } from '../catalog/model-version.service.js';
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
@Module({})
export class JobsModule {
  static forRoot(config: JobDefaultsConfig): DynamicModule {
    const reproducibility = { provide: REPRODUCIBILITY_DEFAULT, useValue: config.REPRODUCIBILITY_DEFAULT };
    return { module: JobsModule, providers: [...SERVICES, JobAdmission, JobSpecs, reproducibility], exports: SERVICES };
  }
}

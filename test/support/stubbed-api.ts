import { Module } from '@nestjs/common';
import { vi } from 'vitest';
import { BaseModelService } from '../../src/catalog/base-model.service.js';
import { DatasetService } from '../../src/catalog/dataset.service.js';
import { EstimateService } from '../../src/jobs/requests/estimate.service.js';
import { FineTuneJobService } from '../../src/jobs/requests/fine-tune-job.service.js';
import { HealthService } from '../../src/storage/health.service.js';
import { ModelVersionService } from '../../src/catalog/model-version.service.js';
import { TrialService } from '../../src/jobs/requests/trial.service.js';
import { createLogger, type Logger } from '../../src/observability/logger.js';
import { startApi } from '../../src/api/start.js';
import { baseModel, dataset, download, estimate, event, job, metricPoint, modelVersion, trial } from './samples.js';

type Create = FineTuneJobService['create'];

/** Services that answer the samples and remember what they were asked. */
export const stubServices = () => ({
  jobs: {
    create: vi.fn<Create>(() => Promise.resolve(job)),
    get: vi.fn<FineTuneJobService['get']>(() => Promise.resolve(job)),
    list: vi.fn<FineTuneJobService['list']>(() => Promise.resolve({ items: [job], nextPageToken: 'next' })),
    cancel: vi.fn<FineTuneJobService['cancel']>(() => Promise.resolve(job)),
    pause: vi.fn<FineTuneJobService['pause']>(() => Promise.resolve(job)),
    resume: vi.fn<FineTuneJobService['resume']>(() => Promise.resolve(job)),
    listEvents: vi.fn<FineTuneJobService['listEvents']>(() => Promise.resolve({ items: [event] })),
  },
  estimates: {
    estimate: vi.fn<EstimateService['estimate']>(() => Promise.resolve(estimate)),
  },
  trials: {
    list: vi.fn<TrialService['list']>(() => Promise.resolve({ items: [trial] })),
    get: vi.fn<TrialService['get']>(() => Promise.resolve(trial)),
    listMetricPoints: vi.fn<TrialService['listMetricPoints']>(() => Promise.resolve({ items: [metricPoint] })),
  },
  baseModels: {
    list: vi.fn<BaseModelService['list']>(() => Promise.resolve([baseModel])),
    get: vi.fn<BaseModelService['get']>(() => Promise.resolve(baseModel)),
  },
  datasets: {
    create: vi.fn<DatasetService['create']>(() => Promise.resolve(dataset)),
    get: vi.fn<DatasetService['get']>(() => Promise.resolve(dataset)),
  },
  versions: {
    get: vi.fn<ModelVersionService['get']>(() => Promise.resolve(modelVersion)),
    listDownloads: vi.fn<ModelVersionService['listDownloads']>(() => Promise.resolve([download])),
  },
  health: { check: vi.fn<HealthService['check']>(() => Promise.resolve({ database: true, objectStore: true })) },
});

/** The real servers on free ports, in front of stub services. */
export async function startStubbedApi(logger: Logger = createLogger('api', 'silent')) {
  const stubs = stubServices();
  const providers = [
    { provide: FineTuneJobService, useValue: stubs.jobs },
    { provide: EstimateService, useValue: stubs.estimates },
    { provide: TrialService, useValue: stubs.trials },
    { provide: BaseModelService, useValue: stubs.baseModels },
    { provide: DatasetService, useValue: stubs.datasets },
    { provide: ModelVersionService, useValue: stubs.versions },
    { provide: HealthService, useValue: stubs.health },
  ];
  @Module({ providers, exports: providers })
  class StubModule {}
  const server = await startApi({ LISTEN_HOST: '127.0.0.1', HTTP_PORT: 0, GRPC_PORT: 0 }, logger, [StubModule]);
  return { ...server, stubs };
}

export type StubbedApi = Awaited<ReturnType<typeof startStubbedApi>>;

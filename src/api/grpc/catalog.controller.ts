import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import type { BaseModel } from '../../domain/base-model.js';
import type { Dataset } from '../../domain/dataset/dataset.js';
import type { ModelVersion } from '../../domain/model-version.js';
import { BaseModelService } from '../../catalog/base-model.service.js';
import { DatasetService } from '../../catalog/dataset.service.js';
import { ModelVersionService } from '../../catalog/model-version.service.js';
import { type BaseModelList, type BaseModelRequest, baseModelRequest } from '../contract/base-model.js';
import { type DatasetRequest, datasetRequest } from '../contract/dataset.js';
import { type DownloadList, type ModelVersionRequest, modelVersionRequest } from '../contract/model-version.js';
import { type CreateDatasetRequest, createDatasetRequest, listBaseModelsRequest } from './requests.js';

/** `biotune.v1.Catalog` */
@Controller()
export class CatalogController {
  constructor(
    private readonly baseModels: BaseModelService,
    private readonly datasets: DatasetService,
    private readonly versions: ModelVersionService,
  ) {}

  @GrpcMethod('Catalog', 'ListBaseModels')
  async listBaseModels(@Payload({ schema: listBaseModelsRequest }) _request: object): Promise<BaseModelList> {
    return { baseModels: await this.baseModels.list() };
  }

  @GrpcMethod('Catalog', 'GetBaseModel')
  getBaseModel(@Payload({ schema: baseModelRequest }) { baseModel }: BaseModelRequest): Promise<BaseModel> {
    return this.baseModels.get(baseModel);
  }

  @GrpcMethod('Catalog', 'CreateDataset')
  createDataset(
    @Payload({ schema: createDatasetRequest }) { project, dataset }: CreateDatasetRequest,
  ): Promise<Dataset> {
    return this.datasets.create(project, dataset);
  }

  @GrpcMethod('Catalog', 'GetDataset')
  getDataset(@Payload({ schema: datasetRequest }) { project, dataset }: DatasetRequest): Promise<Dataset> {
    return this.datasets.get(project, dataset);
  }

  @GrpcMethod('Catalog', 'GetModelVersion')
  getModelVersion(
    @Payload({ schema: modelVersionRequest }) { project, model, number }: ModelVersionRequest,
  ): Promise<ModelVersion> {
    return this.versions.get(project, model, number);
  }

  @GrpcMethod('Catalog', 'ListDownloads')
  async listDownloads(
    @Payload({ schema: modelVersionRequest }) { project, model, number }: ModelVersionRequest,
  ): Promise<DownloadList> {
    return { downloads: await this.versions.listDownloads(project, model, number) };
  }
}

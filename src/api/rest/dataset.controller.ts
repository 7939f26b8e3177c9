import { Body, Controller, Get, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type CreateDataset, createDatasetSchema, type Dataset, datasetSchema } from '../../domain/dataset.js';
import { DatasetService } from '../../catalog/dataset.service.js';
import { Creates, Reads } from './documented.js';
import { LocationInterceptor } from './location.interceptor.js';
import { type DatasetParams, datasetParams, type ProjectParams, projectParams } from './params.js';

@ApiTags('Datasets')
@Controller('v1/projects/:project/datasets')
export class DatasetController {
  constructor(private readonly datasets: DatasetService) {}

  @Post()
  @Creates(datasetSchema, 'Registers the images below a prefix and starts the import of version 1.')
  @UseInterceptors(LocationInterceptor)
  create(
    @Param({ schema: projectParams }) { project }: ProjectParams,
    @Body({ schema: createDatasetSchema }) request: CreateDataset,
  ): Promise<Dataset> {
    return this.datasets.create(project, request);
  }

  @Get(':dataset')
  @Reads(datasetSchema, 'A dataset with its latest version.')
  get(@Param({ schema: datasetParams }) { project, dataset }: DatasetParams): Promise<Dataset> {
    return this.datasets.get(project, dataset);
  }
}

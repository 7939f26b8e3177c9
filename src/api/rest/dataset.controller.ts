import { Body, Controller, Get, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type CreateDataset, createDatasetSchema, type Dataset, datasetSchema } from '../../domain/dataset/dataset.js';
import { DatasetService } from '../../catalog/dataset.service.js';
import { type DatasetRequest, datasetRequest } from '../contract/dataset.js';
import { type ProjectRequest, projectRequest } from '../contract/project.js';
import { Creates, Reads } from './documented.js';
import { LocationInterceptor } from './location.interceptor.js';

@ApiTags('Datasets')
@Controller('v1/projects/:project/datasets')
export class DatasetController {
  constructor(private readonly datasets: DatasetService) {}

  @Post()
  @Creates(datasetSchema, 'Registers the images below a prefix and starts the import of version 1.')
  @UseInterceptors(LocationInterceptor)
  create(
    @Param({ schema: projectRequest }) { project }: ProjectRequest,
    @Body({ schema: createDatasetSchema }) request: CreateDataset,
  ): Promise<Dataset> {
    return this.datasets.create(project, request);
  }

  @Get(':dataset')
  @Reads(datasetSchema, 'A dataset with its latest version.')
  get(@Param({ schema: datasetRequest }) { project, dataset }: DatasetRequest): Promise<Dataset> {
    return this.datasets.get(project, dataset);
  }
}

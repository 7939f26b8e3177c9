import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type ModelVersion, modelVersionSchema } from '../../domain/model-version.js';
import { ModelVersionService } from '../../catalog/model-version.service.js';
import { type DownloadList, downloadListSchema, type ModelVersionRequest } from '../contract/model-version.js';
import { Reads } from './documented.js';
import { modelVersionParams } from './params.js';

@ApiTags('Model versions')
@Controller('v1/projects/:project/models/:model/versions/:number')
export class ModelVersionController {
  constructor(private readonly versions: ModelVersionService) {}

  @Get()
  @Reads(modelVersionSchema, 'A fine-tuned network with its lineage and files.')
  get(@Param({ schema: modelVersionParams }) { project, model, number }: ModelVersionRequest): Promise<ModelVersion> {
    return this.versions.get(project, model, number);
  }

  @Get('downloads')
  @Reads(downloadListSchema, 'Links that fetch each file without credentials, for 15 minutes.')
  async listDownloads(
    @Param({ schema: modelVersionParams }) { project, model, number }: ModelVersionRequest,
  ): Promise<DownloadList> {
    return { downloads: await this.versions.listDownloads(project, model, number) };
  }
}

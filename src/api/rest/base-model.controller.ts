import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type BaseModel, baseModelSchema } from '../../domain/base-model.js';
import { BaseModelService } from '../../catalog/base-model.service.js';
import { type BaseModelList, baseModelListSchema, type BlockList, blockListSchema } from '../contract/base-model.js';
import { type ProjectRequest, projectRequest } from '../contract/project.js';
import { Reads } from './documented.js';
import { type BaseModelParams, baseModelParams } from './params.js';

/** The catalogue is shared; every project sees the same one below its own path. */
@ApiTags('Base models')
@Controller('v1/projects/:project/baseModels')
export class BaseModelController {
  constructor(private readonly baseModels: BaseModelService) {}

  @Get()
  @Reads(baseModelListSchema, 'The base models that a job may start from.')
  async list(@Param({ schema: projectRequest }) _params: ProjectRequest): Promise<BaseModelList> {
    return { baseModels: await this.baseModels.list() };
  }

  @Get(':baseModel')
  @Reads(baseModelSchema, 'One base model with its block partition.')
  get(@Param({ schema: baseModelParams }) { baseModel }: BaseModelParams): Promise<BaseModel> {
    return this.baseModels.get(baseModel);
  }

  @Get(':baseModel/blocks')
  @Reads(blockListSchema, 'The block partition, input side first: one gene of a genome each.')
  async listBlocks(@Param({ schema: baseModelParams }) { baseModel }: BaseModelParams): Promise<BlockList> {
    return { blocks: (await this.baseModels.get(baseModel)).blocks };
  }
}

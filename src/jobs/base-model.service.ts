import { Injectable } from '@nestjs/common';
import type { BaseModel } from '../domain/base-model.js';
import { DomainError } from '../domain/errors.js';
import { BaseModelRepository } from '../storage/postgres/base-model.repository.js';

/** The shared catalogue, read only. */
@Injectable()
export class BaseModelService {
  constructor(private readonly baseModels: BaseModelRepository) {}

  list(): Promise<BaseModel[]> {
    return this.baseModels.list();
  }

  /** @throws {DomainError} BASE_MODEL_NOT_FOUND, with the ids that there are. */
  async get(id: string): Promise<BaseModel> {
    const model = await this.baseModels.find(id);
    if (model !== undefined) return model;
    const known = (await this.baseModels.list()).map((each) => each.id).join(', ');
    throw new DomainError('BASE_MODEL_NOT_FOUND', `There is no base model ${id}; there are: ${known || 'none'}.`, {
      baseModel: id,
      known,
    });
  }
}

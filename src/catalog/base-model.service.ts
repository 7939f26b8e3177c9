import { Injectable } from '@nestjs/common';
import type { BaseModel } from '../domain/base-model.js';
import { DomainError } from '../domain/errors.js';
import { parseBaseModelName } from '../domain/resource-names.js';
import { BaseModelRepository } from '../storage/postgres/base-model.repository.js';

/** The shared catalogue, read only. */
@Injectable()
export class BaseModelService {
  constructor(private readonly baseModels: BaseModelRepository) {}

  list(): Promise<BaseModel[]> {
    return this.baseModels.list();
  }

  /**
   * @param name `baseModels/{id}`
   * @throws {DomainError} BASE_MODEL_NOT_FOUND, with the names that there are.
   */
  async get(name: string): Promise<BaseModel> {
    const id = parseBaseModelName(name);
    const model = id === undefined ? undefined : await this.baseModels.find(id);
    if (model !== undefined) return model;
    const known = (await this.baseModels.list()).map((each) => each.name).join(', ');
    throw new DomainError('BASE_MODEL_NOT_FOUND', `There is no ${name}; there are: ${known || 'none'}.`, {
      baseModel: name,
      known,
    });
  }
}

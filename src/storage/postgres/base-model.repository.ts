import { Injectable } from '@nestjs/common';
import type { BaseModel } from '../../domain/base-model.js';
import { baseModelName } from '../../domain/resource-names.js';
import { Database } from './database.js';
import { BaseModelEntity } from './entities/base-model.entities.js';

const toDomain = ({ id, ...rest }: BaseModelEntity): BaseModel => ({ name: baseModelName(id), id, ...rest });

/** The shared catalogue of pretrained networks. */
@Injectable()
export class BaseModelRepository {
  constructor(private readonly database: Database) {}

  async list(): Promise<BaseModel[]> {
    const entities = await this.database.entities((manager) => manager.find(BaseModelEntity, { order: { id: 'ASC' } }));
    return entities.map(toDomain);
  }

  async find(id: string): Promise<BaseModel | undefined> {
    const entity = await this.database.entities((manager) => manager.findOneBy(BaseModelEntity, { id }));
    return entity === null ? undefined : toDomain(entity);
  }

  /** Adds a model unless its id is taken. @returns the model that has the id, new or old. */
  async add({ name: _name, ...model }: BaseModel): Promise<BaseModel> {
    return this.database.entities(async (manager) => {
      const models = manager.getRepository(BaseModelEntity);
      await models
        .createQueryBuilder()
        .insert()
        .values({ ...model, blocks: [...model.blocks] })
        .orIgnore()
        .execute();
      return toDomain(await models.findOneByOrFail({ id: model.id }));
    });
  }
}

import { Injectable } from '@nestjs/common';
import type { ModelFile, ModelVersion } from '../../domain/model-version.js';
import { fineTuneJobName, modelVersionName, trialName } from '../../domain/resource-names.js';
import { Database } from './database.js';
import { ModelVersionEntity } from './entities/model-version.entities.js';
import type { Transaction } from './transaction.js';

/** What is known of a version before its files are written. */
export type NewModelVersion = Pick<
  ModelVersionEntity,
  | 'project'
  | 'model'
  | 'jobId'
  | 'trialId'
  | 'method'
  | 'baseModel'
  | 'datasetVersion'
  | 'testAccuracy'
  | 'testMacroAccuracy'
  | 'testMacroF1'
  | 'testCalibrationError'
>;

const toDomain = ({ project, jobId, trialId, createTime, ...version }: ModelVersionEntity): ModelVersion => ({
  ...version,
  name: modelVersionName(project, version.model, version.number),
  job: fineTuneJobName(project, jobId),
  trial: trialName(project, jobId, trialId),
  createTime: createTime.toISOString(),
});

/** Fine-tuned networks. A job makes at most one. */
@Injectable()
export class ModelVersionRepository {
  constructor(private readonly database: Database) {}

  async find(project: string, model: string, number: number): Promise<ModelVersion | undefined> {
    const entity = await this.database.entities((manager) =>
      manager.findOneBy(ModelVersionEntity, { project, model, number }),
    );
    return entity === null ? undefined : toDomain(entity);
  }

  /**
   * Reserves the next number of the model for a job, in state PENDING; a repeat gives the number reserved before.
   *
   * @param storageUri Folder of the version, from its number.
   */
  async reserve(
    manager: Transaction,
    version: NewModelVersion,
    storageUri: (number: number) => string,
  ): Promise<ModelVersion> {
    const { project, model, jobId } = version;
    await lockModel(manager, project, model);
    const reserved = await manager.findOneBy(ModelVersionEntity, { jobId });
    if (reserved !== null) return toDomain(reserved);
    const number = 1 + ((await manager.maximum(ModelVersionEntity, 'number', { project, model })) ?? 0);
    await manager.insert(ModelVersionEntity, { ...version, number, storageUri: storageUri(number) });
    return toDomain(await manager.findOneByOrFail(ModelVersionEntity, { project, model, number }));
  }

  /** PENDING to READY, once every file is stored. */
  async publish(manager: Transaction, jobId: string, files: readonly ModelFile[]): Promise<void> {
    const change = { state: 'READY', files: [...files] } as const;
    const { affected } = await manager.update(ModelVersionEntity, { jobId, state: 'PENDING' }, change);
    if (affected !== 1) throw new Error(`job ${jobId} has no PENDING model version`);
  }

  /**
   * Runs `work` if the version of that number does not exist; none can be reserved while it runs.
   *
   * @returns whether it ran.
   */
  async withoutVersion(
    { project, model, number }: Pick<ModelVersion, 'model' | 'number'> & { readonly project: string },
    work: () => Promise<void>,
  ): Promise<boolean> {
    return this.database.transaction(async (transaction) => {
      await lockModel(transaction, project, model);
      if (await transaction.existsBy(ModelVersionEntity, { project, model, number })) return false;
      await work();
      return true;
    });
  }

  /** Gives up what a job had reserved, if it had: it ends without a model. */
  async discard(manager: Transaction, jobId: string): Promise<void> {
    await manager.delete(ModelVersionEntity, { jobId, state: 'PENDING' });
  }
}

/** Lets one transaction at a time, until it ends, decide about the numbers of a model. */
async function lockModel(transaction: Transaction, project: string, model: string): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [`${project}/${model}`]);
}

import { Injectable } from '@nestjs/common';
import type { Dataset, DatasetVersion, SplitConfig, StoredDatasetVersion } from '../../domain/dataset/dataset.js';
import type { Failure } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { datasetName, datasetVersionName } from '../../domain/resource-names.js';
import type { ImportResult } from '../../domain/task.js';
import { Database } from './database.js';
import { DatasetEntity, DatasetVersionEntity } from './entities/dataset.entities.js';
import type { Transaction } from './transaction.js';

/** Names the import of a version as the scope of tasks and leaderships. */
export const importScope = (datasetId: string, number: number): string => `${datasetId}/versions/${number}`;

/** Reads what `importScope` wrote; undefined for the scope of a job. */
export function parseImportScope(scope: string): { readonly datasetId: string; readonly number: number } | undefined {
  const [datasetId, , number] = scope.split('/');
  return datasetId === undefined || number === undefined ? undefined : { datasetId, number: Number(number) };
}

function toVersion(entity: DatasetVersionEntity): StoredDatasetVersion {
  const { createTime, manifest, error, ...rest } = entity;
  return {
    ...rest,
    name: datasetVersionName(entity.project, entity.datasetId, entity.number),
    createTime: createTime.toISOString(),
    ...(manifest !== undefined && { manifest, digest: manifest.sha256 }),
    ...(error !== undefined && { error }),
  };
}

/** What a caller may see of a version. */
function toPublicVersion(version: StoredDatasetVersion): DatasetVersion {
  const { project: _project, datasetId: _datasetId, manifest: _manifest, shards: _shards, ...visible } = version;
  return visible;
}

/** Datasets and their frozen versions. */
@Injectable()
export class DatasetRepository {
  constructor(private readonly database: Database) {}

  /** Inserts a dataset with version 1 in state IMPORTING, within the caller's transaction. @returns its id. */
  async insert(
    manager: Transaction,
    project: string,
    dataset: { readonly displayName: string; readonly sourceUri: string; readonly split: SplitConfig },
  ): Promise<string> {
    const { displayName, sourceUri, split } = dataset;
    const id = newId('ds');
    await manager.insert(DatasetEntity, { id, project, displayName });
    await manager.insert(DatasetVersionEntity, { datasetId: id, number: 1, project, sourceUri, split });
    return id;
  }

  async find(project: string, id: string): Promise<Dataset | undefined> {
    const dataset = await this.database.entities((manager) => manager.findOneBy(DatasetEntity, { project, id }));
    const version = await this.database.entities((manager) =>
      manager.findOne(DatasetVersionEntity, { where: { project, datasetId: id }, order: { number: 'DESC' } }),
    );
    if (dataset === null || version === null) return undefined;
    return {
      name: datasetName(project, id),
      id,
      displayName: dataset.displayName,
      latestVersion: toPublicVersion(toVersion(version)),
      createTime: dataset.createTime.toISOString(),
    };
  }

  async findVersion(datasetId: string, number: number): Promise<StoredDatasetVersion | undefined> {
    const entity = await this.database.entities((manager) =>
      manager.findOneBy(DatasetVersionEntity, { datasetId, number }),
    );
    return entity === null ? undefined : toVersion(entity);
  }

  /** IMPORTING to ACTIVE; the version never changes again. */
  async activate(manager: Transaction, datasetId: string, number: number, result: ImportResult): Promise<void> {
    await this.leaveImporting(manager, datasetId, number, { state: 'ACTIVE', ...result });
  }

  /** IMPORTING to REJECTED; the version never changes again. */
  async reject(manager: Transaction, datasetId: string, number: number, error: Failure): Promise<void> {
    await this.leaveImporting(manager, datasetId, number, { state: 'REJECTED', error });
  }

  private async leaveImporting(
    manager: Transaction,
    datasetId: string,
    number: number,
    change: Partial<DatasetVersionEntity>,
  ): Promise<void> {
    const { affected } = await manager.update(DatasetVersionEntity, { datasetId, number, state: 'IMPORTING' }, change);
    if (affected !== 1) throw new Error(`dataset version ${importScope(datasetId, number)} is not being imported`);
  }
}

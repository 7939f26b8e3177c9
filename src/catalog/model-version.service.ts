import { Injectable } from '@nestjs/common';
import { DomainError } from '../domain/errors.js';
import type { Download, ModelVersion } from '../domain/model-version.js';
import { modelVersionPrefix } from '../storage/object-keys.js';
import { ObjectStore } from '../storage/object-store.js';
import { LINK_SECONDS } from '../storage/s3.js';
import { ModelVersionRepository } from '../storage/postgres/model-version.repository.js';

/** Model versions of a project, and links to their files. */
@Injectable()
export class ModelVersionService {
  constructor(
    private readonly versions: ModelVersionRepository,
    private readonly objects: ObjectStore,
  ) {}

  /** @throws {DomainError} MODEL_VERSION_NOT_FOUND, also for a version of another project. */
  async get(project: string, model: string, number: number): Promise<ModelVersion> {
    const version = await this.versions.find(project, model, number);
    if (version !== undefined) return version;
    throw new DomainError(
      'MODEL_VERSION_NOT_FOUND',
      `There is no version ${number} of model ${model} in project ${project}.`,
      { model, number: String(number) },
    );
  }

  /** Links to every file, good for 15 minutes; none while the version is PENDING. */
  async listDownloads(project: string, model: string, number: number): Promise<Download[]> {
    const { files } = await this.get(project, model, number);
    const expireTime = new Date(Date.now() + LINK_SECONDS * 1000).toISOString();
    const prefix = modelVersionPrefix(project, model, number);
    return Promise.all(
      files.map(async ({ path, sha256, sizeBytes }) => ({
        path,
        url: await this.objects.presignGet(prefix + path),
        sha256,
        sizeBytes,
        expireTime,
      })),
    );
  }
}

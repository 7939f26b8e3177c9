import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type CoordinatorConfig } from '../config/config.js';
import { baseModelSchema, type BaseModel } from '../domain/base-model.js';
import { DomainError } from '../domain/errors.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { ObjectStore } from '../storage/object-store.js';
import { BaseModelRepository } from '../storage/postgres/base-model.repository.js';
import { BlobClaimRepository } from '../storage/postgres/blob-claim.repository.js';
import { canonicalJson } from '../domain/canonical-json.js';

const DESCRIPTION = 'base-model.json';
const WEIGHTS = 'weights.safetensors';

/**
 * Puts the base models that come with the program into the catalogue: rows in Postgres, weights in object storage. What
 * is there already stays as it is.
 */
@Injectable()
export class BaseModelCatalogue implements OnApplicationBootstrap {
  constructor(
    private readonly baseModels: BaseModelRepository,
    private readonly claims: BlobClaimRepository,
    private readonly objects: ObjectStore,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: Pick<CoordinatorConfig, 'BASE_MODEL_DIR'>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { BASE_MODEL_DIR } = this.config;
    for (const entry of await readdir(BASE_MODEL_DIR, { withFileTypes: true })) {
      const folder = join(BASE_MODEL_DIR, entry.name);
      if (!entry.isDirectory() || !(await readdir(folder)).includes(DESCRIPTION)) continue;
      const model = baseModelSchema.parse(JSON.parse(await readFile(join(folder, DESCRIPTION), 'utf8')));
      await this.store(model, folder);
      this.logger.debug({ baseModel: model.id }, 'base model ready');
    }
  }

  private async store(model: BaseModel, folder: string): Promise<void> {
    await this.claims.claim([model]);
    if (!(await this.objects.hasBlob(model))) {
      const stored = await this.objects.putBlob(await readFile(join(folder, WEIGHTS)));
      if (stored.sha256 !== model.sha256) {
        throw new DomainError(
          'ARTIFACT_CORRUPT',
          `${join(folder, WEIGHTS)} has SHA-256 ${stored.sha256}; ${DESCRIPTION} says ${model.sha256}.`,
          { expectedSha256: model.sha256, foundSha256: stored.sha256 },
        );
      }
    }
    const known = await this.baseModels.add(model);
    if (canonicalJson(baseModelSchema.parse(known)) === canonicalJson(model)) return;
    throw new Error(
      `Base model ${model.id} is in the catalogue and differs from ${folder}: jobs rely on it, give the new one a new id.`,
    );
  }
}

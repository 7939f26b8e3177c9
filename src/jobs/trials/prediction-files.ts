import { Injectable } from '@nestjs/common';
import type { Artifact } from '../../domain/artifact.js';
import { type ValidationPredictions, validationPredictionsSchema } from '../../domain/validation-predictions.js';
import { ObjectStore } from '../../storage/object-store.js';

/** The files of validation predictions that trainings after the search have left. */
@Injectable()
export class PredictionFiles {
  constructor(private readonly objects: ObjectStore) {}

  /** @throws {DomainError} ARTIFACT_CORRUPT when the stored bytes are not those that were uploaded. */
  async read(artifact: Artifact): Promise<ValidationPredictions> {
    return validationPredictionsSchema.parse(JSON.parse((await this.objects.getBlob(artifact)).toString()));
  }
}

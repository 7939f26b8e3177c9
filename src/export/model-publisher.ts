import { Injectable } from '@nestjs/common';
import type { ModelFile, ModelVersion } from '../domain/model-version.js';
import type { Artifact } from '../domain/artifact.js';
import { modelVersionPrefix, READY_MARKER } from '../storage/object-keys.js';
import { ObjectStore } from '../storage/object-store.js';
import { checksums, describeModel, sha256, type ModelDescription } from './model-files.js';

const WEIGHTS_PATH = 'weights/model.safetensors';

/** Writes the folder of a model version. */
@Injectable()
export class ModelPublisher {
  constructor(private readonly objects: ObjectStore) {}

  /** `s3://` folder of a version; ends in a slash. */
  folderUri(project: string, model: string, number: number): string {
    return this.objects.uri(modelVersionPrefix(project, model, number));
  }

  /**
   * Verifies the weights by reading them through, and writes every file, the READY marker last. A repeat writes the same
   * bytes to the same keys.
   *
   * @throws {DomainError} ARTIFACT_CORRUPT when the stored weights are not the ones that were trained.
   */
  async write(
    project: string,
    { model, number }: ModelVersion,
    weights: Artifact,
    description: ModelDescription,
  ): Promise<ModelFile[]> {
    await this.objects.verifyBlob(weights);
    const prefix = modelVersionPrefix(project, model, number);
    await this.objects.copyBlob(weights, prefix + WEIGHTS_PATH);
    const files = [this.file(prefix, WEIGHTS_PATH, 'application/octet-stream', weights)];
    for (const { path, mediaType, bytes } of describeModel(description)) {
      await this.objects.put(prefix + path, bytes, mediaType);
      files.push(this.file(prefix, path, mediaType, { sha256: sha256(bytes), sizeBytes: bytes.length }));
    }
    const listing = checksums(files);
    await this.objects.put(prefix + listing.path, listing.bytes, listing.mediaType);
    await this.objects.put(prefix + READY_MARKER, Buffer.from(`${sha256(listing.bytes)}\n`), 'text/plain');
    return files;
  }

  private file(prefix: string, path: string, mediaType: string, artifact: Artifact): ModelFile {
    return { path, uri: this.objects.uri(prefix + path), mediaType, ...artifact };
  }
}

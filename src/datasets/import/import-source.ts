import type { Artifact } from '../../domain/artifact.js';
import type { SourceObject } from './sorted-objects.js';

/** Where the images of an import come from. */
export interface ImportSource {
  /** Every object below the prefix, in any order. */
  list(): AsyncIterable<SourceObject>;
  /**
   * The bytes that had the listed etag.
   *
   * @param ahead The keys that will be fetched soon, this one first.
   * @throws {DomainError} DATASET_CHANGED when they are gone or others.
   */
  fetch(object: SourceObject, ahead: () => readonly string[]): Promise<Uint8Array>;
}

/** Where the shards and the manifest of an import go. */
export interface ImportSink {
  /** Stores bytes under their SHA-256; storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<Artifact>;
  /** Stores a file in the same way, without reading it into memory. */
  putFile(path: string): Promise<Artifact>;
}

/** How far an import is: it goes through all images twice. */
export interface ImportProgress {
  readonly stage: 'CHECKING' | 'PACKING';
  readonly imagesDone: number;
  readonly imageCount: number;
}

import { SPLITS, type DatasetClass, type Split } from '../domain/dataset.js';
import { DomainError } from '../domain/errors.js';
import type { Artifact, ImportResult, ImportSpec } from '../domain/task.js';
import { BadImages } from './bad-images.js';
import { checkImage, type CheckedImage } from './check-image.js';
import { mapInOrder } from './concurrency.js';
import { IssueCollector, SAMPLE_COUNT_MAX } from './issues.js';
import { readClassFolders, type ClassFolders } from './layout.js';
import { writeManifest } from './manifest.js';
import { reportRecordIssues } from './record-issues.js';
import { SHARD_SIZE_BYTES_MAX, ShardPacker, type UnpackedRecord } from './shard-packer.js';
import { assertEnoughImages, divideClass, splitCounts } from './split.js';

/** An object in the caller's bucket, as listed. */
export interface SourceObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Where the images come from. */
export interface ImportSource {
  /** Every object below the prefix, in any order. */
  list(): AsyncIterable<SourceObject>;
  /** The bytes that had the listed etag. @throws {DomainError} DATASET_CHANGED when they are gone or others. */
  fetch(object: SourceObject): Promise<Uint8Array>;
}

/** Where shards and manifest go. */
export interface ImportSink {
  /** Stores bytes under their SHA-256; storing the same bytes again changes nothing. */
  put(bytes: Uint8Array): Promise<Artifact>;
}

export interface ImportProgress {
  readonly imagesDone: number;
  readonly imageCount: number;
}

/** The same limit as Vertex AI. */
export const OBJECT_SIZE_BYTES_MAX = 30_000_000;

const DOWNLOAD_COUNT_MAX = 16;

/**
 * Imports a dataset version: lists the objects, reads classes from folders, divides each class, fetches and decodes
 * every image, packs them into shards and writes the manifest. The same objects, seed and fractions give the same
 * bytes, whatever is listed or fetched first. Memory: the list of objects, one shard, and 16 images.
 *
 * @param onProgress Called once before the first image and after each.
 * @param shardSizeBytesMax Bound of a shard.
 * @throws {DomainError} DATASET_EMPTY, NEEDS_TWO_CLASSES, TOO_FEW_IMAGES_PER_CLASS; DATASET_INVALID for an object over
 *   30 MB or a layout that is not classes; IMAGE_UNREADABLE or IMAGE_TOO_SMALL naming up to 20 bad images after all
 *   were checked; DATASET_CHANGED; and what source and sink throw.
 */
export async function importDataset(
  source: ImportSource,
  spec: ImportSpec,
  sink: ImportSink,
  onProgress: (progress: ImportProgress) => void,
  shardSizeBytesMax = SHARD_SIZE_BYTES_MAX,
): Promise<ImportResult> {
  const issues = new IssueCollector();
  const objects: SourceObject[] = [];
  for await (const object of source.list()) objects.push(object);
  const folders = readClassFolders(objects, spec.prefix, issues);
  assertEnoughImages(folders, spec.split);
  const plan = planImages(folders, spec);
  assertObjectSizes(plan);
  const packer = new ShardPacker((bytes) => sink.put(bytes), shardSizeBytesMax);
  await packImages(source, plan, packer, issues, onProgress);
  reportRecordIssues(packer.records, issues);
  return {
    manifest: await sink.put(writeManifest(packer.records)),
    shards: packer.shards,
    classes: datasetClasses(folders, spec),
    imageCount: plan.length,
    sizeBytes: plan.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    issues: issues.list(),
  };
}

/** An image's place in the version, known before it is fetched. */
interface PlannedImage {
  readonly object: SourceObject;
  readonly label: string;
  readonly classIndex: number;
  readonly split: Split;
}

/** All images in the order of the manifest: by split, class and key. */
function planImages(folders: ClassFolders<SourceObject>, spec: ImportSpec): PlannedImage[] {
  const divided = [...folders].map(([label, objects], classIndex) => ({
    label,
    classIndex,
    parts: divideClass(objects, spec.split),
  }));
  return SPLITS.flatMap((split) =>
    divided.flatMap(({ label, classIndex, parts }) =>
      parts[split].map((object) => ({ object, label, classIndex, split })),
    ),
  );
}

function assertObjectSizes(plan: readonly PlannedImage[]): void {
  const large = plan.map(({ object }) => object).filter(({ sizeBytes }) => sizeBytes > OBJECT_SIZE_BYTES_MAX);
  const [first] = large;
  if (first === undefined) return;
  const named = large.slice(0, SAMPLE_COUNT_MAX).map(({ key, sizeBytes }) => `${key} (${sizeBytes} bytes)`);
  throw new DomainError(
    'DATASET_INVALID',
    `${large.length} objects are above ${OBJECT_SIZE_BYTES_MAX} bytes: ${named.join(', ')}; scale the images down`,
    { key: first.key, sizeBytes: String(first.sizeBytes), sizeBytesMax: String(OBJECT_SIZE_BYTES_MAX) },
  );
}

/** Checks every image and packs them while all are good; throws when some were not. */
async function packImages(
  source: ImportSource,
  plan: readonly PlannedImage[],
  packer: ShardPacker,
  issues: IssueCollector,
  onProgress: (progress: ImportProgress) => void,
): Promise<void> {
  const badImages = new BadImages(plan.length);
  let imagesDone = 0;
  onProgress({ imagesDone, imageCount: plan.length });
  const check = async (image: PlannedImage) => ({
    image,
    checked: await checkImage(image.object, await source.fetch(image.object)),
  });
  for await (const { image, checked } of mapInOrder(plan, DOWNLOAD_COUNT_MAX, check)) {
    if (checked instanceof DomainError) {
      badImages.add(image.object.key, checked);
    } else {
      for (const note of checked.info.notes) issues.add(note, image.object.key);
      if (badImages.isEmpty) await packer.add(unpackedRecord(image, checked), checked.bytes);
    }
    imagesDone += 1;
    onProgress({ imagesDone, imageCount: plan.length });
  }
  badImages.throwIfAny();
  await packer.flush();
}

function unpackedRecord(
  { object, label, classIndex, split }: PlannedImage,
  { sha256, info }: CheckedImage,
): UnpackedRecord {
  const { format, widthPx, heightPx } = info;
  const { key, etag, sizeBytes } = object;
  return { key, etag, sizeBytes, sha256, widthPx, heightPx, format, label, classIndex, split };
}

function datasetClasses(folders: ClassFolders<SourceObject>, spec: ImportSpec): DatasetClass[] {
  return [...folders].map(([label, { length }], index) => ({
    label,
    index,
    imageCount: splitCounts(length, spec.split),
  }));
}

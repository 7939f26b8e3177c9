import { setImmediate } from 'node:timers/promises';
import type { DatasetClass, SplitCounts } from '../../domain/dataset/dataset.js';
import type { ImportResult, ImportSpec } from '../../domain/task.js';
import { checkImages } from './check-images.js';
import { classedImages } from './classed-images.js';
import { reportCopies } from '../copies/copy-issues.js';
import { findCopies } from '../copies/find-copies.js';
import { ImageFacts } from '../copies/image-facts.js';
import type { ImageFetching } from './fetch-images.js';
import type { ImportProgress, ImportSink, ImportSource } from './import-source.js';
import { IssueCollector } from '../issues.js';
import { keepTogether, type SealedDivision } from '../splits/keep-together.js';
import { ClassFolders } from '../layouts/layout.js';
import { packImages } from './pack-images.js';
import { SHARD_SIZE_BYTES_MAX } from '../packs/shard-packer.js';
import { type LabelledObject, SortedObjects, type TemporaryPath } from './sorted-objects.js';
import { assertEnoughImages, type ClassedImages, divideClasses } from '../splits/split.js';

/** What an import works with, beside the images. */
export interface ImportSetting {
  readonly source: ImportSource;
  readonly sink: ImportSink;
  readonly temporaryPath: TemporaryPath;
  /** Called once before the first image, after each, and while copies are looked for. */
  readonly onProgress: (progress: ImportProgress) => void;
  /** Bound of a shard. */
  readonly shardSizeBytesMax?: number;
}

/**
 * Imports a dataset version: lists the objects, reads classes from folders, fetches and decodes every image, finds copies,
 * divides each class with all copies of an image in one split, fetches the images again to pack them into shards, and writes
 * the manifest. The same objects, seed and fractions give the same bytes, whatever is listed or fetched first.
 *
 * Memory: some 80 bytes an image, one shard, and 16 images; the rest is in files, some 1.5 kB an image.
 *
 * @throws {DomainError} DATASET_EMPTY, NEEDS_TWO_CLASSES, TOO_FEW_IMAGES_PER_CLASS; DATASET_INVALID for an object over
 *   30 MB or a layout that is not classes; IMAGE_UNREADABLE or IMAGE_TOO_SMALL naming up to 20 bad images after all
 *   were checked; DATASET_CHANGED; and what source and sink throw.
 */
export async function importDataset(spec: ImportSpec, setting: ImportSetting): Promise<ImportResult> {
  const issues = new IssueCollector();
  const folders = new ClassFolders(spec.prefix, issues);
  const objects = await SortedObjects.read(labelled(setting.source, folders), setting.temporaryPath);
  try {
    const sizes = folders.classes();
    assertEnoughImages(sizes, spec.split);
    const images = await classedImages(objects, sizes, spec.split.seed);
    const facts = new ImageFacts(objects.length, setting.temporaryPath('thumbnails'));
    try {
      return await importImages(spec, setting, { objects, labels: [...sizes.keys()], images, facts, issues });
    } finally {
      facts.delete();
    }
  } finally {
    objects.delete();
  }
}

async function* labelled(source: ImportSource, folders: ClassFolders): AsyncGenerator<LabelledObject> {
  for await (const object of source.list()) {
    const label = folders.labelOf(object.key);
    if (label !== undefined) yield { ...object, label };
  }
}

/** What is known once everything is listed. */
interface Listed {
  readonly objects: SortedObjects;
  readonly labels: readonly string[];
  readonly images: ClassedImages;
  readonly facts: ImageFacts;
  readonly issues: IssueCollector;
}

async function importImages(spec: ImportSpec, setting: ImportSetting, listed: Listed): Promise<ImportResult> {
  const { objects, labels, facts, issues } = listed;
  const { source, sink, onProgress, temporaryPath, shardSizeBytesMax = SHARD_SIZE_BYTES_MAX } = setting;
  const fetching: ImageFetching = { source, objects, onProgress };
  await checkImages(fetching, facts, issues);
  const { splits, counts } = await sealedDivision(spec, setting, listed);
  const indices = new Map(labels.map((label, index) => [label, index]));
  const packed = await packImages(fetching, {
    sink,
    facts,
    splits,
    classIndexOf: (label) => indices.get(label) ?? -1,
    shardSizeBytesMax,
    manifestPath: temporaryPath('manifest'),
  });
  return { ...packed, classes: datasetClasses(labels, counts), imageCount: objects.length, issues: issues.list() };
}

async function sealedDivision(
  spec: ImportSpec,
  { onProgress }: ImportSetting,
  listed: Listed,
): Promise<SealedDivision> {
  const { objects, labels, images, facts, issues } = listed;
  const pause = async () => {
    onProgress({ stage: 'CHECKING', imagesDone: facts.count, imageCount: facts.count });
    await setImmediate();
  };
  const copies = await findCopies(facts, pause);
  const division = keepTogether(images, divideClasses(images, spec.split), copies.groups, spec.split, labels);
  const reported = {
    arePlain: facts.arePlain,
    splits: division.splits,
    keyOf: (image: number) => objects.at(image).key,
    labelOf: (image: number) => objects.at(image).label,
  };
  reportCopies(copies, reported, issues);
  return division;
}

const datasetClasses = (labels: readonly string[], counts: readonly SplitCounts[]): DatasetClass[] =>
  labels.map((label, index) => ({ label, index, imageCount: counts[index] ?? { train: 0, validation: 0, test: 0 } }));

import { z } from 'zod';
import { SPLITS } from '../domain/dataset/dataset.js';
import { DomainError } from '../domain/errors.js';
import { sha256Schema } from '../domain/text.js';
import { compareCodeUnits } from './compare-code-units.js';

export const IMAGE_FORMATS = ['jpeg', 'png', 'webp'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** One image of a dataset version. The order of the fields is their order in a manifest line. */
export const imageRecordSchema = z.strictObject({
  /** Key of the caller's object. */
  key: z.string().min(1),
  /** What the caller's object had at import; another one means that it was replaced. */
  etag: z.string(),
  /** The hash of the encoded bytes. */
  sha256: sha256Schema,
  sizeBytes: z.int().positive(),
  /** The size that a viewer shows, so after the EXIF orientation. */
  widthPx: z.int().positive(),
  heightPx: z.int().positive(),
  format: z.enum(IMAGE_FORMATS),
  label: z.string().min(1),
  classIndex: z.int().min(0),
  split: z.enum(SPLITS),
  /** SHA-256 of the shard that holds the bytes: a task is given some of the shards, so a position would not do. */
  shard: sha256Schema,
  /** Where the bytes begin in the shard. */
  offset: z.int().min(0),
});
export type ImageRecord = Readonly<z.infer<typeof imageRecordSchema>>;

/**
 * One line of the manifest as stored: a JSON line an image, sorted by split (train, validation, test), class and key. The
 * SHA-256 of the lines is the digest of the dataset version.
 */
export function manifestLine(record: ImageRecord): string {
  // Parsing also puts the fields into the order of the schema.
  return `${JSON.stringify(imageRecordSchema.parse(record))}\n`;
}

/**
 * @returns The records in the order of the file.
 * @throws {DomainError} ARTIFACT_CORRUPT when a line is not a record, naming the line, or when the order is not ours.
 */
export function readManifest(bytes: Uint8Array): ImageRecord[] {
  const records: ImageRecord[] = [];
  let previous: ImageRecord | undefined;
  for (const line of linesOf(bytes)) {
    const record = readLine(line, records.length);
    if (previous !== undefined && compareRecords(previous, record) >= 0) {
      throw corrupt(records.length + 1, 'is out of order');
    }
    previous = record;
    records.push(record);
  }
  return records;
}

/** One after the other: as a single string, the manifest of a million images would be longer than strings can be. */
function* linesOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  let lineCount = 0;
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    lineCount += 1;
    if (end < 0) throw corrupt(lineCount, 'does not end with a line break');
    yield decoder.decode(bytes.subarray(start, end));
    start = end + 1;
  }
}

function readLine(line: string, index: number): ImageRecord {
  try {
    return imageRecordSchema.parse(JSON.parse(line));
  } catch (error) {
    throw corrupt(index + 1, 'is not an image record', error);
  }
}

function corrupt(lineNumber: number, problem: string, cause?: unknown): DomainError {
  const message = `line ${lineNumber} of the dataset manifest ${problem}; import the dataset again`;
  return new DomainError('ARTIFACT_CORRUPT', message, { line: String(lineNumber) }, { cause });
}

function compareRecords(a: ImageRecord, b: ImageRecord): number {
  const bySplit = SPLITS.indexOf(a.split) - SPLITS.indexOf(b.split);
  return bySplit || a.classIndex - b.classIndex || compareCodeUnits(a.key, b.key);
}

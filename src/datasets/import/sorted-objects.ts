import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { compareCodeUnits } from '../compare-code-units.js';
import { LineFile } from './line-file.js';

/** An object in the caller's bucket, as listed. */
export interface SourceObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

/** An object that is an image of a class. */
export interface LabelledObject extends SourceObject {
  readonly label: string;
}

/** The number of objects that are sorted in memory at a time: some 40 MB. */
const RUN_LENGTH = 100_000;

/** Lines between two pauses: some 100 ms. */
const PIECE_LENGTH = 10_000;

/** Where files may be made that are of no use to anyone else; whoever makes one deletes it. */
export type TemporaryPath = (name: string) => string;

const lineSchema = z.tuple([z.string(), z.string(), z.string(), z.int()]);

/**
 * Images in the order of class and key, by number, whatever the order in which they were listed. They lie in a file, so that
 * millions take 8 bytes of memory each.
 */
export class SortedObjects {
  private constructor(private readonly lines: LineFile) {}

  /** @param objects Objects with distinct keys. */
  static async read(objects: AsyncIterable<LabelledObject>, temporaryPath: TemporaryPath): Promise<SortedObjects> {
    const runs = new LineFile(temporaryPath('runs'));
    try {
      const starts = await writeRuns(objects, runs);
      if (starts.length <= 1) return new SortedObjects(runs);
      const merged = new LineFile(temporaryPath('objects'));
      for (const line of mergeRuns(runs, starts)) {
        merged.append(line);
        if (merged.length % PIECE_LENGTH === 0) await setImmediate();
      }
      runs.delete();
      return new SortedObjects(merged);
    } catch (error) {
      runs.delete();
      throw error;
    }
  }

  get length(): number {
    return this.lines.length;
  }

  at(index: number): LabelledObject {
    return parse(this.lines.at(index));
  }

  delete(): void {
    this.lines.delete();
  }
}

/** @returns where each sorted run begins; a run that goes on where the one before ended is no run of its own. */
async function writeRuns(objects: AsyncIterable<LabelledObject>, runs: LineFile): Promise<number[]> {
  const starts: number[] = [];
  let pending: LabelledObject[] = [];
  let last: LabelledObject | undefined;
  const flush = () => {
    pending.sort(compareObjects);
    const [first] = pending;
    if (first === undefined) return;
    if (last === undefined || compareObjects(last, first) > 0) starts.push(runs.length);
    for (const { label, key, etag, sizeBytes } of pending) runs.append(JSON.stringify([label, key, etag, sizeBytes]));
    last = pending.at(-1);
    pending = [];
  };
  for await (const object of objects) {
    if (pending.push(object) === RUN_LENGTH) flush();
  }
  flush();
  return starts;
}

function* mergeRuns(runs: LineFile, starts: readonly number[]): Generator<string> {
  const headAt = (next: number, end: number) => {
    const line = runs.at(next);
    return { next, end, line, object: parse(line) };
  };
  const heads = starts.map((start, index) => headAt(start, starts[index + 1] ?? runs.length));
  while (heads.length > 0) {
    const least = heads.reduce((found, head) => (compareObjects(head.object, found.object) < 0 ? head : found));
    yield least.line;
    const place = heads.indexOf(least);
    if (least.next + 1 < least.end) heads[place] = headAt(least.next + 1, least.end);
    else heads.splice(place, 1);
  }
}

function parse(line: string): LabelledObject {
  const [label, key, etag, sizeBytes] = lineSchema.parse(JSON.parse(line));
  return { label, key, etag, sizeBytes };
}

const compareObjects = (a: LabelledObject, b: LabelledObject): number =>
  compareCodeUnits(a.label, b.label) || compareCodeUnits(a.key, b.key);

import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, read, unlinkSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OpenRecordStore } from '../../training/examples/record-store.js';

const BYTES_PER_FLOAT = 4;
const readAt = promisify(read);
const writeAt = promisify(write);

/**
 * Records in a file of this machine, for what memory has no room for. The file has no name, so that it is gone with the
 * process, however that ends. The next batch is read while the last one is worked on.
 */
export const featureFileIn =
  (folder: string): OpenRecordStore =>
  (recordLength) => {
    const recordBytes = recordLength * BYTES_PER_FLOAT;
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `features-${randomUUID()}.tmp`);
    const file = openSync(path, 'wx+');
    unlinkSync(path);
    let writtenBytes = 0;
    const readBatch = async (records: Int32Array) => {
      const values = new Float32Array(records.length * recordLength);
      const bytes = new Uint8Array(values.buffer);
      await Promise.all(
        Array.from(records, (record, position) =>
          readRecord(file, bytes.subarray(position * recordBytes, (position + 1) * recordBytes), record * recordBytes),
        ),
      );
      return values;
    };
    return {
      append: async (values) => {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        for (let done = 0; done < bytes.length;) {
          const { bytesWritten } = await writeAt(file, bytes, done, bytes.length - done, writtenBytes + done);
          done += bytesWritten;
        }
        writtenBytes += bytes.length;
      },
      read: async function* (batches) {
        let next = startReading(batches[0], readBatch);
        for (const [index] of batches.entries()) {
          const current = next;
          next = startReading(batches[index + 1], readBatch);
          const values = await current;
          if (values !== undefined) yield values;
        }
      },
      dispose: () => closeSync(file),
    };
  };

/** A read that fails before anybody waits for it is reported to whoever waits at last. */
function startReading(
  batch: Int32Array | undefined,
  readBatch: (records: Int32Array) => Promise<Float32Array>,
): Promise<Float32Array | undefined> {
  const reading = batch === undefined ? Promise.resolve(undefined) : readBatch(batch);
  reading.catch(() => undefined);
  return reading;
}

async function readRecord(file: number, into: Uint8Array, start: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const { bytesRead } = await readAt(file, into, done, into.length - done, start + done);
    if (bytesRead === 0) throw new Error(`the feature file ends ${into.length - done} bytes before a record does`);
    done += bytesRead;
  }
}

import type { Sequence } from './image-batches.js';

/** Records of one length, written once and in order, then read in any order. Dispose it. */
export interface RecordStore {
  /** Adds whole records behind those that are there; `values` may change afterwards. */
  append(values: Float32Array): Promise<void> | void;
  /** The records of one batch after the other, one behind the other in one array, which is the reader's. */
  read(batches: readonly Int32Array[]): Sequence<Float32Array>;
  dispose(): void;
}

/** @param recordLength Numbers in a record. */
export type OpenRecordStore = (recordLength: number, recordCount: number) => RecordStore;

/** Records in this process's memory. */
export const memoryRecordStore: OpenRecordStore = (recordLength, recordCount) => {
  const all = new Float32Array(recordLength * recordCount);
  let writtenCount = 0;
  return {
    append: (values) => {
      all.set(values, writtenCount);
      writtenCount += values.length;
    },
    read: function* (batches) {
      for (const indices of batches) {
        const values = new Float32Array(indices.length * recordLength);
        indices.forEach((record, position) =>
          values.set(all.subarray(record * recordLength, (record + 1) * recordLength), position * recordLength),
        );
        yield values;
      }
    },
    dispose: () => undefined,
  };
};

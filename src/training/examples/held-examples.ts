import type { ExampleSource } from './image-batches.js';

/** A source's examples are held up to this size: 13,000 images of 1,280 features. Beyond it, a step is long beside its way here. */
const HELD_BYTES_MAX = 64 * 1024 ** 2;

/** So many batches make what a call costs small beside them, and a function that is compiled in milliseconds. */
const JOINED_COUNT_MAX = 8;

/** Batches of held examples in groups, each of which is one piece of work. */
export function joinedGroups<T>(batches: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(batches.length / JOINED_COUNT_MAX) }, (_, group) =>
    batches.slice(group * JOINED_COUNT_MAX, (group + 1) * JOINED_COUNT_MAX),
  );
}

/**
 * A source that has all of its examples on the device as well, so that steps take them from there; the source as it is
 * where they are not kept, or are too large for that.
 *
 * @param source Becomes the new source's, which disposes it; disposed if this fails.
 */
export async function heldExamples(source: ExampleSource): Promise<ExampleSource> {
  const { keptBytes = Infinity, labels } = source;
  if (keptBytes > HELD_BYTES_MAX) return source;
  try {
    for await (const held of source.read([Int32Array.from(labels.keys())])) {
      const dispose = () => {
        held.dispose();
        source.dispose();
      };
      return { ...source, held, dispose };
    }
  } catch (error) {
    source.dispose();
    throw error;
  }
  throw new Error('the source gave no batch');
}

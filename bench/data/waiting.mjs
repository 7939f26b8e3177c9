/**
 * One epoch of training: how long it took, and which share of that the loop waited for batches.
 *
 * @typedef {{ seconds: number, waitedShare: number }} Epoch
 */

/**
 * Images whose reading is timed.
 *
 * @param {readonly import('../../dist/src/training/examples/image-batches.js').LabelledImages[]} ways Of reading the same images;
 *   each epoch takes the next one.
 * @returns {{ images: import('../../dist/src/training/examples/image-batches.js').LabelledImages, epochs: Epoch[] }} The images,
 *   and the epochs in which they were read.
 */
export function timedImages(ways) {
  const epochs = [];
  const read = async function* (batches, epoch) {
    const startMs = performance.now();
    let waitedMs = 0;
    const reading = ways[epochs.length % ways.length].read(batches, epoch);
    for (;;) {
      const askedMs = performance.now();
      const { value, done } = await reading.next();
      waitedMs += performance.now() - askedMs;
      if (done) break;
      yield value;
    }
    const tookMs = performance.now() - startMs;
    epochs.push({ seconds: tookMs / 1000, waitedShare: waitedMs / tookMs });
  };
  return { images: { ...ways[0], read }, epochs };
}

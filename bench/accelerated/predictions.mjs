import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * What the models of a task took each test image for: a line of JSON each, compressed. A line with `labels` says what the
 * images of a search seed are; the others have `predictions`, of one arm, method and seed. Both are a byte for each image,
 * in base64.
 *
 * @typedef {{ searchSeed: number, labels: number[] }} Labels
 * @typedef {{ arm: string, searchSeed: number, method: string, seed: number, predictions: number[] }} Predictions
 */

/** Class indices are written as bytes. */
const CLASS_COUNT_MAX = 256;

/** @param {readonly (Labels | Predictions)[]} lines @returns {Buffer} */
export const packed = (lines) => gzipSync(lines.map((line) => JSON.stringify(written(line))).join('\n'), { level: 9 });

/** @param {Buffer} bytes Of `packed`. @returns {(Labels | Predictions)[]} */
export function unpacked(bytes) {
  return gunzipSync(bytes)
    .toString()
    .split('\n')
    .map((line) => mapIndices(JSON.parse(line), (text) => [...Buffer.from(text, 'base64')]));
}

const written = (line) =>
  mapIndices(line, (indices) => {
    const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= CLASS_COUNT_MAX);
    if (wrong !== undefined) {
      throw new RangeError(`class ${wrong} is no whole number from 0 to ${CLASS_COUNT_MAX - 1}, so it fits no byte`);
    }
    return Buffer.from(indices).toString('base64');
  });

const mapIndices = (line, change) =>
  Object.fromEntries(
    Object.entries(line).map(([name, value]) => [
      name,
      name === 'labels' || name === 'predictions' ? change(value) : value,
    ]),
  );

/**
 * Adds the reports of a unit to the lines of its task.
 *
 * @param {readonly (Labels | Predictions)[]} lines
 * @param {{ arm: string, searchSeed: number }} unit
 * @param {readonly { method: string, seed: number, labels: number[], predictions: number[] }[]} reports
 * @returns {(Labels | Predictions)[]}
 * @throws {Error} where the test images of the search seed are others than those of an earlier unit.
 */
export function withReports(lines, { arm, searchSeed }, reports) {
  const known = lines.find((line) => 'labels' in line && line.searchSeed === searchSeed)?.labels;
  const labels = known ?? reports[0]?.labels ?? [];
  if (reports.some((report) => report.labels.join() !== labels.join())) {
    throw new Error(`the test images of ${arm}, search seed ${searchSeed}, are others than those of an earlier arm`);
  }
  return [
    ...lines,
    ...(known === undefined ? [{ searchSeed, labels }] : []),
    ...reports.map(({ method, seed, predictions }) => ({ arm, searchSeed, method, seed, predictions })),
  ];
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatted } from '../formatted.mjs';
import { withRun } from '../run.mjs';
import { packed, unpacked } from './predictions.mjs';
import { keyOf } from './units.mjs';

/**
 * What was measured of a task, in one run or several.
 *
 * @typedef {object} Result
 * @property {string} task
 * @property {{ train: number, validation: number, test: number }} imageCounts
 * @property {number} classCount
 * @property {import('./arguments.mjs').Sizes} sizes Of all units: others would not compare.
 * @property {import('../run.mjs').Run[]} runs
 * @property {import('./rows.mjs').Unit[]} units
 */

const pathsOf = (folder, task) => ({
  json: join(folder, `accelerated-${task}.json`),
  predictions: join(folder, `accelerated-${task}-predictions.ndjson.gz`),
});

/** What is known of a task, and its predictions. @returns {{ result: Result | undefined, lines: object[] }} */
export function load(folder, task) {
  const { json, predictions } = pathsOf(folder, task);
  if (!existsSync(json)) return { result: undefined, lines: [] };
  const result = JSON.parse(readFileSync(json, 'utf8'));
  const keys = new Set(result.units.map(keyOf));
  // A run that was killed between the two files leaves predictions of a unit that will be measured again.
  const lines = unpacked(readFileSync(predictions)).filter((line) => 'labels' in line || keys.has(keyOf(line)));
  return { result, lines };
}

/**
 * Keeps what is known of a task: the predictions first, so that no unit is without them. Each file is whole at any time.
 *
 * @param {string} folder @param {Result} result @param {readonly object[]} lines
 */
export async function save(folder, result, lines) {
  const { json, predictions } = pathsOf(folder, result.task);
  mkdirSync(folder, { recursive: true });
  replace(predictions, packed(lines));
  replace(json, await formatted(json, JSON.stringify(result)));
}

function replace(path, content) {
  writeFileSync(`${path}.partial`, content);
  renameSync(`${path}.partial`, path);
}

/**
 * Adds a unit to what is known.
 *
 * @param {Result | undefined} known
 * @param {Omit<Result, 'runs' | 'units'>} facts
 * @param {import('../run.mjs').Run} run The same run is listed once.
 * @param {Omit<import('./rows.mjs').Unit, 'run'>} unit
 * @returns {Result}
 * @throws {Error} where the unit is known already, or was measured with other images or sizes than the earlier ones.
 */
export function withUnit(known, facts, run, unit) {
  const { runs, units } = known ?? { runs: [], units: [] };
  if (units.some((other) => keyOf(other) === keyOf(unit))) throw new Error(`${keyOf(unit)} was measured already`);
  if (known !== undefined) checkSame(known, facts);
  const { runs: all, index } = withRun(runs, run);
  return { ...facts, runs: all, units: [...units, { ...unit, run: index }] };
}

/** @param {Result} known @param {Omit<Result, 'runs' | 'units'>} facts */
function checkSame(known, facts) {
  for (const fact of ['imageCounts', 'sizes']) {
    const [before, now] = [known, facts].map((from) => JSON.stringify(from[fact]));
    if (before === now) continue;
    throw new Error(
      `${facts.task} has ${fact} ${now}, its results have ${before}: measure with the same, or name another --results-dir`,
    );
  }
}

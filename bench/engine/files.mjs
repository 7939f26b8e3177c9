import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { formatted } from '../formatted.mjs';
import { withRun } from '../run.mjs';

const RESULTS = join(ROOT, 'bench/results/engine.json');

/**
 * What is known, from one run or several.
 *
 * @typedef {object} Result
 * @property {import('../run.mjs').Run[]} runs
 * @property {(import('./measure.mjs').Comparison & { run: number })[]} comparisons `run` is the place in `runs`.
 */

/** @returns {Result} */
export const load = () =>
  existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : { runs: [], comparisons: [] };

/** @param {Result} result */
export async function save(result) {
  mkdirSync(dirname(RESULTS), { recursive: true });
  writeFileSync(RESULTS, await formatted(RESULTS, JSON.stringify(result)));
}

/**
 * Puts what was measured in the place of what was known of the same networks and modes. Runs that nothing is left of go.
 *
 * @param {Result} known
 * @param {import('../run.mjs').Run} run
 * @param {readonly import('./measure.mjs').Comparison[]} measured
 * @returns {Result}
 */
export function withComparisons(known, run, measured) {
  const keyOf = ({ network, mode }) => `${network} ${mode}`;
  const replaced = new Set(measured.map(keyOf));
  const kept = known.comparisons
    .filter((comparison) => !replaced.has(keyOf(comparison)))
    .map((comparison) => ({ ...comparison, run: known.runs[comparison.run] }));
  const all = [...kept, ...measured.map((comparison) => ({ ...comparison, run }))];
  return all.reduce(
    ({ runs, comparisons }, { run: own, ...comparison }) => {
      const { runs: next, index } = withRun(runs, own);
      return { runs: next, comparisons: [...comparisons, { ...comparison, run: index }] };
    },
    { runs: [], comparisons: [] },
  );
}

import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { contendersOf } from './contenders.mjs';
import { load } from './files.mjs';
import { searchSeedCountOf, TASKS } from './tasks.mjs';

export const RESULTS_DIR = join(ROOT, 'bench/results');

/** What is known of each task that was measured. @returns {import('./report.mjs').Measured[]} in the order of the tasks. */
export function measuredTasks(folder = RESULTS_DIR) {
  return Object.entries(TASKS).flatMap(([name, task]) => {
    const { result, lines } = load(folder, name);
    if (result === undefined) return [];
    return [{ name, task, searchSeedCount: searchSeedCountOf(task), result, contenders: contendersOf(result, lines) }];
  });
}

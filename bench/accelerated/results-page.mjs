// Writes what bench/results/accelerated-<task>.json say into docs/results.md, and draws their charts:
// node bench/accelerated/results-page.mjs, after scripts/setup.mjs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tInterval } from '../../dist/src/statistics/uncertain-figure.js';
import { writeTable } from '../results-page.mjs';
import { chartOf } from '../search/chart.mjs';
import { measuredTasks, RESULTS_DIR } from './measured.mjs';
import { chartFacts, sectionOf } from './report.mjs';

const measured = measuredTasks();
for (const task of measured) {
  writeFileSync(join(RESULTS_DIR, `accelerated-${task.name}.svg`), chartOf(chartFacts(task, tInterval)));
}
const sections = measured.map((task) => sectionOf(task, tInterval));
await writeTable('accelerated', sections.length > 0 ? sections.join('\n\n') : 'Nothing is measured yet.');

// Writes what bench/results/accelerated-<task>.json say into docs/results.md, and draws their charts:
// node bench/accelerated/results-page.mjs, after scripts/setup.mjs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { tInterval } from '../../dist/src/statistics/uncertain-figure.js';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { writeTable } from '../results-page.mjs';
import { chartOf } from '../search/chart.mjs';
import { measuredTasks, RESULTS_DIR } from './measured.mjs';
import { chartFacts, sectionOf } from './report.mjs';

const PAGE = join(ROOT, 'docs/results.md');

const measured = measuredTasks();
for (const task of measured) {
  writeFileSync(join(RESULTS_DIR, `accelerated-${task.name}.svg`), chartOf(chartFacts(task, tInterval)));
}
const sections = measured.map((task) => sectionOf(task, tInterval));
writeTable('accelerated', sections.length > 0 ? sections.join('\n\n') : 'Nothing is measured yet.');
const page = readFileSync(PAGE, 'utf8');
writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), filepath: PAGE }));

// Writes the tables of bench/results/search-<task>.json into docs/results.md: node bench/search/results-page.mjs clothing-10 …
import { writeTable } from '../results-page.mjs';
import { load } from './files.mjs';
import { resultTable } from './report.mjs';

for (const task of process.argv.slice(2)) {
  const [heading, ...rows] = resultTable(load(task));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = line(heading.map((_, column) => (column === 0 ? '---' : '---:')));
  await writeTable(task, [line(heading), rule, ...rows.map(line)].join('\n'));
}

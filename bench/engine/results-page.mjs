// Writes the table of bench/results/engine.json into docs/results.md: node bench/engine/results-page.mjs
import { writeTable } from '../results-page.mjs';
import { runsText } from '../run.mjs';
import { load } from './files.mjs';
import { tableOf } from './table.mjs';

const { runs, comparisons } = load();
await writeTable('engine', `${tableOf(comparisons)}\n\n${runsText(runs)}`);

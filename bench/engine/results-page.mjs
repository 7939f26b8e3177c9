// Writes the table of bench/results/engine.json into docs/results.md: node bench/engine/results-page.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { tableOf } from './table.mjs';

const PAGE = join(ROOT, 'docs/results.md');
const MARKED = /(<!-- engine table -->)[^]*(<!-- end of engine table -->)/;

const comparisons = JSON.parse(readFileSync(join(ROOT, 'bench/results/engine.json'), 'utf8'));
const page = readFileSync(PAGE, 'utf8');
if (!MARKED.test(page)) throw new Error(`${PAGE} has no place for the table`);
writeFileSync(
  PAGE,
  page.replace(MARKED, (_, start, end) => `${start}\n\n${tableOf(comparisons)}\n\n${end}`),
);

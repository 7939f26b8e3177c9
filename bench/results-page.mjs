import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../scripts/setup/paths.mjs';
import { formatted } from './formatted.mjs';

const PAGE = join(ROOT, 'docs/results.md');

/** Writes a table into its place in docs/results.md: between `<!-- NAME table -->` and `<!-- end of NAME table -->`. */
export async function writeTable(name, table) {
  const [start, end] = [`<!-- ${name} table -->`, `<!-- end of ${name} table -->`];
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place for the ${name} table`);
  writeFileSync(PAGE, await formatted(PAGE, `${before}${start}\n\n${table}\n\n${end}${after}`));
}

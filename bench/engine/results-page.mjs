// Writes the table of bench/results/engine.json into docs/results.md: node bench/engine/results-page.mjs
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { writeTable } from '../results-page.mjs';
import { tableOf } from './table.mjs';

writeTable('engine', tableOf(JSON.parse(readFileSync(join(ROOT, 'bench/results/engine.json'), 'utf8'))));

// Writes what searches gained, from the files in bench/results, into src/estimate/measured-gains.ts, by which estimates go:
// node bench/accelerated/write-gains.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { formatted } from '../formatted.mjs';
import { gainOfAccelerated, gainOfSearch } from './gains.mjs';

const TARGET = join(ROOT, 'src/estimate/measured-gains.ts');

const gains = readdirSync(join(ROOT, 'bench/results'))
  .sort()
  .flatMap((name) => {
    const gainOf = { search: gainOfSearch, accelerated: gainOfAccelerated }[
      /^(search|accelerated)-.*\.json$/.exec(name)?.[1]
    ];
    if (gainOf === undefined) return [];
    const source = `bench/results/${name}`;
    return gainOf(JSON.parse(readFileSync(join(ROOT, source), 'utf8')), source) ?? [];
  });
const text = `import type { TaskGains } from './task-gains.js';

/** What searches gained over the best plain method; bench/accelerated/write-gains.mjs writes this file from bench/results. */
export const MEASURED_GAINS: readonly TaskGains[] = ${JSON.stringify(gains)};
`;
writeFileSync(TARGET, await formatted(TARGET, text));

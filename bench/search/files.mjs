import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { chartOf } from './chart.mjs';

const fileOf = (task, extension) => join(ROOT, 'bench/results', `search-${task}.${extension}`);

/** Keeps what came of a task, and its chart. @param result Of `resultOf`. @returns {Promise<string[]>} the files. */
export async function save(result) {
  const [json, svg] = [fileOf(result.task, 'json'), fileOf(result.task, 'svg')];
  mkdirSync(dirname(json), { recursive: true });
  // As `npm run check` wants it, so that it can be committed.
  writeFileSync(json, await format(JSON.stringify(result), { ...(await resolveConfig(json)), filepath: json }));
  writeFileSync(svg, chartOf(result));
  return [json, svg];
}

/** @returns what was kept of a task. */
export const load = (task) => JSON.parse(readFileSync(fileOf(task, 'json'), 'utf8'));

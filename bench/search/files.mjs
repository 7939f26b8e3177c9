import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { formatted } from '../formatted.mjs';
import { chartOf } from './chart.mjs';

const fileOf = (task, extension) => join(ROOT, 'bench/results', `search-${task}.${extension}`);

/** Keeps what came of a task, and its chart. @param result Of `resultOf`. @returns {Promise<string[]>} the files. */
export async function save(result) {
  const [json, svg] = [fileOf(result.task, 'json'), fileOf(result.task, 'svg')];
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, await formatted(json, JSON.stringify(result)));
  writeFileSync(svg, chartOf(result));
  return [json, svg];
}

/** @returns what was kept of a task. */
export const load = (task) => JSON.parse(readFileSync(fileOf(task, 'json'), 'utf8'));

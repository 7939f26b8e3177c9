import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './run-command.mjs';

/**
 * Applies a unified diff to existing files, exactly or not at all: it was made for the one version that is installed.
 * So this needs neither git nor patch, which slim images lack.
 *
 * @param {string} patchFile
 * @param {string} folder What the diff's paths start from, behind their a/ or b/.
 */
export function applyPatch(patchFile, folder) {
  const sections = readFileSync(patchFile, 'utf8')
    .split(/^--- .*\n\+\+\+ b\//m)
    .slice(1);
  const results = sections.map((section) => {
    const [name = '', ...hunks] = section.split(/\n(?=@@ )/);
    const path = join(folder, name.trim());
    return { path, text: hunks.reduceRight((lines, hunk) => applyHunk(lines, hunk, path), readLines(path)).join('\n') };
  });
  for (const { path, text } of results) writeFileSync(path, text);
}

/**
 * Hunks are applied from the last to the first, so that the line numbers before them stay true.
 *
 * @param {string[]} lines @param {string} hunk @param {string} path
 */
function applyHunk(lines, hunk, path) {
  const [header = '', ...body] = hunk.replace(/\n$/, '').split('\n');
  const start = Number(/^@@ -(\d+)/.exec(header)?.[1]) - 1;
  const side = (/** @type {string} */ other) => body.filter((line) => line[0] !== other).map((line) => line.slice(1));
  const [before, after] = [side('+'), side('-')];
  if (before.some((line, index) => lines[start + index] !== line)) {
    throw new SetupError(
      `The patch does not fit ${path} at line ${start + 1}. Run npm ci, which restores the package.`,
    );
  }
  return lines.toSpliced(start, before.length, ...after);
}

/** @param {string} path */
function readLines(path) {
  return readFileSync(path, 'utf8').split('\n');
}

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE, ROOT } from './paths.mjs';

const STAMPS = join(CACHE, 'stamps');

/**
 * Hashes what a step depends on.
 *
 * @param {readonly string[]} paths Files and folders (with all below), relative to the repository; missing ones count too.
 * @param {readonly unknown[]} values Versions, platform and the like.
 */
export function hashInputs(paths, values = []) {
  const hash = createHash('sha256').update(JSON.stringify(values));
  for (const path of paths) addPath(hash, path);
  return hash.digest('hex');
}

/** @param {string} step @param {string} inputs */
export function isStamped(step, inputs) {
  const file = join(STAMPS, step);
  return existsSync(file) && readFileSync(file, 'utf8') === inputs;
}

/** @param {string} step @param {string} inputs */
export function writeStamp(step, inputs) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, step), inputs);
}

/** @param {import('node:crypto').Hash} hash @param {string} path */
function addPath(hash, path) {
  const absolute = join(ROOT, path);
  hash.update(`\0${path}\0`);
  if (!existsSync(absolute)) return;
  if (!statSync(absolute).isDirectory()) hash.update(readFileSync(absolute));
  else for (const name of readdirSync(absolute).sort()) addPath(hash, join(path, name));
}

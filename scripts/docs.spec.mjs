import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './setup/paths.mjs';

const DOCS = readdirSync(join(ROOT, 'docs'), { recursive: true }).map((name) => join('docs', name));
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...DOCS.filter((name) => name.endsWith('.md'))];
/** A file or folder of the repository between backticks; names with a placeholder are none. */
const PATH = /`((?:src|test|scripts|bench|docs|proto|migrations|patches)\/[\w./-]+)`/g;
const LINK = /\]\((?!https?:|#)([^)\s#]+)[^)]*\)/g;

it.each(PAGES)('%s names files that are there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const named = [...text.matchAll(PATH)].map(([, path]) => path);
  const linked = [...text.matchAll(LINK)].map(([, path]) => join(dirname(page), path));
  expect(
    [...named, ...linked].filter((path) => !['', '.ts'].some((ending) => existsSync(join(ROOT, path + ending)))),
  ).toEqual([]);
});

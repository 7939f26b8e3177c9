import { describe, expect, it } from 'vitest';
import { IssueCollector } from '../issues.js';
import { ClassFolders } from './layout.js';

/** The classes with their images in order, as an import sees them. */
function read(keys: readonly string[], prefix = 'pets') {
  const issues = new IssueCollector();
  const folders = new ClassFolders(prefix, issues);
  const labels = keys.map((key) => ({ key, label: folders.labelOf(key) }));
  const classes = [...folders.classes()].map(([label, size]) => {
    const images = labels.filter((image) => image.label === label).map(({ key }) => key);
    expect(images).toHaveLength(size);
    return [label, images.sort()];
  });
  return { classes, issues: issues.list() };
}

describe('ClassFolders', () => {
  it('takes the first folder below the prefix as the class, deeper ones included', () => {
    expect(read(['pets/dog/2.png', 'pets/cat/deep/er/1.jpg', 'pets/dog/1']).classes).toEqual([
      ['cat', ['pets/cat/deep/er/1.jpg']],
      ['dog', ['pets/dog/1', 'pets/dog/2.png']],
    ]);
  });

  it('orders classes by code units, not by locale or folder separator', () => {
    const keys = ['pets/é/1', 'pets/a/1', 'pets/Z/1', 'pets/a-b/1'];
    expect(read(keys).classes.map(([label]) => label)).toEqual(['Z', 'a', 'a-b', 'é']);
  });

  it('does not depend on the order of the listing', () => {
    const keys = ['pets/b/1', 'pets/a/2', 'pets/a/.x', 'pets/a/1', 'pets/.y/1'];
    expect(read([...keys].reverse())).toEqual(read(keys));
  });

  it('reads from the root of a bucket', () => {
    expect(read(['a/1', 'b/1'], '').classes).toHaveLength(2);
  });

  it('leaves out a neighbour whose name begins with the prefix', () => {
    expect(() => read(['pets2/a/1', 'pets2/b/1'])).toThrow(expect.objectContaining({ reason: 'DATASET_EMPTY' }));
  });

  it('ignores junk, text and files without a class, each with an issue', () => {
    const junk = ['pets/.DS_Store', 'pets/a/Thumbs.db', 'pets/__MACOSX/a/1.png', 'pets/.git/1.png'];
    const { classes, issues } = read([...junk, 'pets/a/notes.TXT', 'pets/top.png', 'pets/a/1.png', 'pets/b/1.png']);
    expect(classes).toEqual([
      ['a', ['pets/a/1.png']],
      ['b', ['pets/b/1.png']],
    ]);
    expect(issues).toMatchObject([
      { code: 'HIDDEN_FILES_IGNORED', severity: 'INFO', count: 4 },
      { code: 'TEXT_FILES_IGNORED', severity: 'INFO', count: 1, samples: ['pets/a/notes.TXT'] },
      { code: 'FILES_OUTSIDE_CLASS_IGNORED', severity: 'WARN', count: 1, samples: ['pets/top.png'] },
    ]);
  });

  it('keeps a class that has a folder marker and no image', () => {
    expect(read(['pets/', 'pets/a/', 'pets/a/1', 'pets/empty/']).classes).toEqual([
      ['a', ['pets/a/1']],
      ['empty', []],
    ]);
  });

  it.each([
    ['nothing', [], 'DATASET_EMPTY', /no images .* expected pets\/<class>\/<image>/],
    ['only junk', ['pets/a/.x', 'pets/readme.txt'], 'DATASET_EMPTY', /among 2 objects/],
    ['one class', ['pets/cat/1', 'pets/cat/2'], 'NEEDS_TWO_CLASSES', /"cat", with 2 images; expected pets\/<class>/],
    ['splits', ['pets/train/cat/1', 'pets/val/cat/1'], 'DATASET_INVALID', /\(train, val\) are splits, not classes/],
  ])('refuses %s', (_, keys, reason, message) => {
    expect(() => read(keys)).toThrow(expect.objectContaining({ reason, message: expect.stringMatching(message) }));
  });

  it('warns of classes that differ only in case', () => {
    const { classes, issues } = read(['pets/Cat/1', 'pets/cat/1', 'pets/dog/1']);
    expect(classes.map(([label]) => label)).toEqual(['Cat', 'cat', 'dog']);
    expect(issues).toMatchObject([{ code: 'CLASS_CASE_TWINS', samples: ['pets/Cat/', 'pets/cat/'] }]);
  });

  it('warns above a ratio of 100:1 and not at it', () => {
    const large = (count: number) => Array.from({ length: count }, (_, i) => `pets/big/${i}`);
    expect(read([...large(100), 'pets/small/1']).issues).toEqual([]);
    expect(read([...large(101), 'pets/small/1']).issues).toMatchObject([
      { code: 'CLASS_IMBALANCE', severity: 'WARN', samples: ['pets/small/'] },
    ]);
  });
});

it('keeps the first 20 samples of an issue, whatever was met first, and counts the rest', () => {
  const issues = new IssueCollector();
  const keys = Array.from({ length: 50 }, (_, i) => `${100 + ((i * 17) % 50)}`);
  for (const key of keys) issues.add('ALPHA', key);
  expect(issues.list()).toMatchObject([{ count: 50, samples: Array.from({ length: 20 }, (_, i) => `${100 + i}`) }]);
});

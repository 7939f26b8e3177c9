import { describe, expect, it } from 'vitest';
import { manifestLine, readManifest, type ImageRecord } from './manifest.js';

function record(split: ImageRecord['split'], classIndex: number, key: string): ImageRecord {
  const place = { shard: 'b'.repeat(64), offset: 0, split, classIndex, label: `c${classIndex}` };
  return { ...place, key, etag: 'e', sha256: 'a'.repeat(64), sizeBytes: 9, widthPx: 8, heightPx: 8, format: 'png' };
}

const write = (records: readonly ImageRecord[]) => new TextEncoder().encode(records.map(manifestLine).join(''));

const sorted = [
  record('train', 0, 'Z'),
  record('train', 0, 'a'),
  record('train', 2, 'b'),
  record('train', 10, 'a'),
  record('validation', 0, 'c'),
  record('test', 0, 'd\u2028\n"é'),
];

describe('manifest', () => {
  it('reads back what was written', () => {
    expect(readManifest(write(sorted))).toEqual(sorted);
  });

  it('is the same bytes for any order of fields', () => {
    const shuffled = sorted.map((r) => ({ ...Object.fromEntries(Object.entries(r).reverse()) }) as ImageRecord);
    expect(write(shuffled)).toEqual(write(sorted));
  });

  it('has its fields in the documented order', () => {
    const [line = ''] = new TextDecoder().decode(write(sorted)).split('\n');
    expect(Object.keys(JSON.parse(line) as object).join()).toBe(
      'key,etag,sha256,sizeBytes,widthPx,heightPx,format,label,classIndex,split,shard,offset',
    );
  });

  it.each([
    ['a cut line', (text: string) => text.slice(0, -20), /does not end with a line break/],
    ['an unknown field', (text: string) => text.replace('"key"', '"x":1,"key"'), /line 1 .*not an image record/],
    ['no JSON', (text: string) => text.replace('{', ''), /line 1 /],
    [
      'another order',
      (text: string) => text.split('\n').slice(0, -1).reverse().join('\n') + '\n',
      /line 2 .*out of order/,
    ],
    ['a repeated image', (text: string) => text.replace(/^.*\n/, '$&$&'), /line 2 .*out of order/],
  ])('refuses %s', (_, damage, message) => {
    const bytes = new TextEncoder().encode(damage(new TextDecoder().decode(write(sorted))));
    const error = expect.objectContaining({ reason: 'ARTIFACT_CORRUPT', message: expect.stringMatching(message) });
    expect(() => readManifest(bytes)).toThrow(error);
  });
});

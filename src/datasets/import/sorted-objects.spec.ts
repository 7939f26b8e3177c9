import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { type LabelledObject, SortedObjects } from './sorted-objects.js';

const folder = mkdtempSync(join(tmpdir(), 'sorted-'));
afterAll(() => rmSync(folder, { recursive: true }));

const object = (label: string, name: string): LabelledObject => ({
  label,
  key: `p/${label}/${name}`,
  etag: `"${name}"`,
  sizeBytes: 7,
});

async function* shuffled(objects: LabelledObject[]) {
  const draw = randomStream('shuffle');
  yield* objects
    .map((item) => ({ item, place: draw() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

it('orders by class and key whatever was listed first, also what does not fit into memory at a time', async () => {
  const objects = Array.from({ length: 250_000 }, (_, i) =>
    object(i % 3 === 0 ? 'a-b' : 'a', `${1_000_000 + i}\n\u2028"é`),
  );
  const sorted = await SortedObjects.read(shuffled(objects), (name) => join(folder, name));
  expect(sorted.length).toBe(objects.length);
  let last = sorted.at(0);
  expect(last).toEqual(objects[1]);
  for (let index = 1; index < sorted.length; index++) {
    const next = sorted.at(index);
    if (last.label > next.label || (last.label === next.label && last.key >= next.key))
      expect(next).toBe('after the one before');
    last = next;
  }
  sorted.delete();
  expect(readdirSync(folder)).toEqual([]);
});

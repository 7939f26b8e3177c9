import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SmallDisk } from './small-disk.js';

let folder: string;
let disk: SmallDisk | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'biotune-small-disk-'));
  try {
    disk = SmallDisk.mount(folder);
  } catch {
    // This user may not.
  }
});

afterAll(async () => {
  disk?.unmount();
  await rm(folder, { recursive: true, force: true });
});

it('takes nothing while it is full, and takes it again afterwards', (test) => {
  if (disk === undefined) return test.skip('a file system cannot be mounted here');
  const write = () => writeFileSync(join(folder, 'file'), 'some bytes');
  const empty = disk.fill();
  expect(write).toThrow('ENOSPC');
  empty();
  expect(write).not.toThrow();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PackedFile } from './packed-file.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'packed-file-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe('PackedFile', () => {
  it('opens a file of so many images', async () => {
    const path = join(folder, 'right.u8');
    writeFileSync(path, new Uint8Array(5 * 8 * 8 * 3));
    const file = await PackedFile.open(path, 8, 5);
    expect(file).toMatchObject({ path, sizePx: 8 });
    await file.close();
  });

  it.each([959, 961])('refuses %i bytes for 5 images of 8 px', async (length) => {
    const path = join(folder, `${length}.u8`);
    writeFileSync(path, new Uint8Array(length));
    await expect(PackedFile.open(path, 8, 5)).rejects.toMatchObject({
      reason: 'ARTIFACT_CORRUPT',
      message: `${path} holds ${length} bytes, not the 960 of 5 images of 8 px; delete it`,
    });
  });

  it('refuses a file that is not there', async () => {
    await expect(PackedFile.open(join(folder, 'none.u8'), 8, 5)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

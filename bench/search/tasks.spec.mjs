import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ROOT } from '../../scripts/setup/paths.mjs';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { findTasks, splitOf } from './tasks.mjs';

let folder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bench-search-'));
  vi.spyOn(console, 'log').mockReturnValue(undefined);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.restoreAllMocks();
});

describe('splitOf', () => {
  it('leaves all but 600 images for the test', () => {
    const { trainFraction, validationFraction, testFraction } = splitOf({ imageCount: 3068 });
    expect([trainFraction, validationFraction, testFraction].map((share) => share * 3068)).toEqual([
      expect.closeTo(400, 9),
      expect.closeTo(200, 9),
      expect.closeTo(2468, 9),
    ]);
    expect(trainFraction + validationFraction + testFraction).toBeCloseTo(1, 12);
  });
});

describe('findTasks', () => {
  it('takes images from the folder, and those that the repository has from there', () => {
    writeFileSync(join(folder, 'mnist-small.zip'), '');
    expect(findTasks(['mnist-small', 'fashion-small'], folder).map(({ zipFile }) => zipFile)).toEqual([
      join(folder, 'mnist-small.zip'),
      join(ROOT, 'assets/fashion-small/fashion-small.zip'),
    ]);
  });

  it('refuses a task whose images are missing, and says which and where', () => {
    const refused = () => findTasks(['clothing-10'], folder);
    expect(refused).toThrow(SetupError);
    expect(refused).toThrow(
      `clothing-10 needs clothing-10-imbalanced.zip, with one folder of images per class, in ${folder}`,
    );
  });

  it('leaves it out, and says so, where no task was asked for', () => {
    expect(findTasks(undefined, folder).map(({ name }) => name)).toEqual(['fashion-small']);
    expect(console.log).toHaveBeenCalledTimes(2);
  });
});

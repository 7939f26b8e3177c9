import { describe, expect, it } from 'vitest';
import { RUNTIME } from '../../test/fixtures/runtime.js';
import type { Artifact } from '../domain/artifact.js';
import type { SoupSpec, TaskResult } from '../domain/task.js';
import { TASK_KINDS } from './task-kinds.js';

const artifact = (digit: string): Artifact => ({ sha256: digit.repeat(64), sizeBytes: 1 });
const BEST = artifact('1');
const [SECOND, THIRD] = [artifact('2'), artifact('3')];
const [MANIFEST, TRAIN, VALIDATION] = [artifact('a'), artifact('b'), artifact('c')];

const soup: SoupSpec = {
  network: { architecture: 'a', weights: BEST, mean: [0, 0, 0], std: [1, 1, 1], imageSizePx: 32, classCount: 2 },
  others: [SECOND, THIRD],
  pack: {
    manifest: MANIFEST,
    shards: [
      { ...TRAIN, split: 'train', imageCount: 1 },
      { ...VALIDATION, split: 'validation', imageCount: 1 },
    ],
  },
  fold: 0,
  foldCount: 1,
  objective: { fitness: 'ACCURACY', lossWeight: 0.1 },
  batchSize: 8,
};
const SOUP_RULES = TASK_KINDS.SOUP;

describe('a SOUP task', () => {
  it('may read all its members, and the images that its spec names', () => {
    const hashes = SOUP_RULES.reads({ soup }).map(({ sha256 }) => sha256);
    expect(hashes).toEqual([BEST, MANIFEST, TRAIN, VALIDATION, SECOND, THIRD].map(({ sha256 }) => sha256));
  });

  it('must upload the weights that its result names', () => {
    expect(SOUP_RULES.mustUpload({ soup })).toBe(true);
    expect(SOUP_RULES.uploaded({ soup: { weights: THIRD } } as TaskResult)).toEqual([THIRD]);
  });

  it("is bound to its job's runtime, and fixes none", () => {
    expect(SOUP_RULES.boundTo({ soup }, RUNTIME)).toEqual({ soup: { ...soup, runtime: RUNTIME } });
    expect(SOUP_RULES.ranOn({ soup: { runtime: RUNTIME } } as TaskResult)).toBeUndefined();
  });
});

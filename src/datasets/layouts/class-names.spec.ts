import { describe, expect, it } from 'vitest';
import { ClassNames } from './class-names.js';

const composed = 'caf\u00e9';
const decomposed = 'cafe\u0301';

function check(...folders: readonly string[]) {
  const names = new ClassNames();
  for (const folder of folders) names.read(folder);
  return () => names.check('pets/');
}

describe('ClassNames', () => {
  it('shows every name in NFC', () => {
    expect(new ClassNames().read(decomposed)).toBe(composed);
    expect(check(decomposed, 'cat', '猫', 'naïve 👍')).not.toThrow();
  });

  it('refuses two spellings of one name, showing the code points in which they differ', () => {
    expect(check(composed, 'dog', decomposed)).toThrow(
      expect.objectContaining({
        reason: 'DATASET_INVALID',
        message:
          `1 class names below "pets/" are spelled in several ways that look the same: "${composed}" as ` +
          String.raw`"cafe\u{301}" and "caf\u{E9}"; move the images of each into one folder, best named in Unicode NFC`,
      }),
    );
  });

  it.each([
    ['right-to-left override', 'a\u202eb', 'U+202E'],
    ['right-to-left mark', '\u200fcat', 'U+200F'],
    ['zero-width space', 'cat\u200b', 'U+200B'],
    ['zero-width joiner', 'c\u200dat', 'U+200D'],
    ['byte order mark', '\ufeffcat', 'U+FEFF'],
    ['NUL', 'c\u0000at', 'U+0000'],
    ['tab', 'c\tat', 'U+0009'],
    ['line separator', 'c\u2028at', 'U+2028'],
    ['half of a surrogate pair', 'c\ud800at', 'U+D800'],
  ])('refuses a %s, showing its code point and not the character', (_, folder, codePoint) => {
    const error: unknown = catching(check('dog', folder));
    expect(error).toMatchObject({ reason: 'DATASET_INVALID', message: expect.stringContaining(`(${codePoint})`) });
    expect(String(error)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}]/u);
  });

  it('names 20 of many in one error', () => {
    const folders = Array.from({ length: 30 }, (_, i) => `c${i}\u200b`);
    expect(check(...folders)).toThrow(/^30 class folders .* and 10 more; rename them$/);
  });
});

function catching(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

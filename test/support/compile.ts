import { type Options, transformFileSync } from '@swc/core';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Nest reads the types of constructors' parameters from their decorators. */
const OPTIONS = {
  swcrc: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
  },
} as const satisfies Options;

/**
 * Compiles folders of `src`, with those inside them, into a fresh folder, for specs that start a process of their own without `npm run build`.
 *
 * @returns the compiled `src`, inside the repository so that npm packages are found; the caller removes it.
 */
export function compileFolders(...folders: readonly string[]): string {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const output = mkdtempSync(join(ROOT, '.cache/test-compiled-'));
  for (const folder of folders) {
    for (const file of readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
      compileFile(output, join(folder, file.slice(0, -'.ts'.length)));
    }
  }
  return output;
}

/** Compiles one file, such as a role without the others of its folder. @param name The path below `src`, without its ending. */
export function compileFile(output: string, name: string): void {
  const { code } = transformFileSync(join(ROOT, `src/${name}.ts`), OPTIONS);
  const target = join(output, `${name}.js`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, code);
}

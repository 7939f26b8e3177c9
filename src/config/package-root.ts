import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findUp(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no package.json above the program');
  return findUp(parent);
}

/** The folder that holds package.json, proto/ and assets/: the same for sources and for the build. */
export const packageRoot = findUp(import.meta.dirname);

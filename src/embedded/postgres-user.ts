import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Postgres refuses to run as root, so these are tried; initdb wants a name in /etc/passwd for its user id. */
const USER_NAMES = ['postgres', 'nobody'];

/** Kept over a reboot, and any user can enter it. */
const SHARED_FOLDER = '/var/tmp';

/** Whom the server runs as when this process is root. */
export interface PostgresUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Gives the user to switch to when this process is root, and undefined when it is not. */
export function postgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of USER_NAMES) {
    const account = accounts.find(([accountName]) => accountName === name);
    if (account) return { name, uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error(
    'Postgres cannot run as root: add a user for it ("useradd --system postgres"), or run as another user',
  );
}

/** Finds the outermost folder on the way to `path` that the user may not enter; undefined when there is none. */
export function blockingFolder(path: string, user: PostgresUser): string | undefined {
  const outer = dirname(path) === path ? undefined : blockingFolder(dirname(path), user);
  if (outer !== undefined) return outer;
  const { uid, gid } = user;
  return spawnSync('test', ['-x', path], { uid, gid, cwd: '/' }).status === 0 ? undefined : path;
}

/**
 * Gives a folder that Postgres can use in place of `wanted`: the same one, unless it lies where the user may not go
 * (root's home, say). Then it is a folder of root's under /var/tmp, the same one at each start.
 */
export function reachableFolder(wanted: string, user: PostgresUser | undefined, log: (line: string) => void): string {
  const blocker = user && blockingFolder(wanted, user);
  if (blocker === undefined) return wanted;
  const folder = sharedFolder(createHash('sha256').update(wanted).digest('hex').slice(0, 16));
  log(`user ${user?.name} may not enter ${blocker}, so Postgres keeps its files in ${folder} instead of ${wanted}`);
  return folder;
}

/** Gives Postgres programs that the user can run: the ones installed, or a copy (61 MB, made once) under /var/tmp. */
export function reachableBinaries(installed: string, user: PostgresUser | undefined): string {
  if (user === undefined || blockingFolder(join(installed, 'bin', 'initdb'), user) === undefined) return installed;
  const key = createHash('sha256')
    .update(installed)
    .update(String(statSync(installed).mtimeMs))
    .digest('hex');
  const folder = sharedFolder(`programs-${key.slice(0, 16)}`);
  const copy = join(folder, basename(installed));
  if (existsSync(copy)) return copy;
  const partial = join(folder, `partial-${process.pid}`);
  cpSync(installed, partial, { recursive: true, verbatimSymlinks: true });
  renameSync(partial, copy);
  return copy;
}

/** Makes a folder that only the server's user may read. */
export function makePrivateFolder(folder: string, user: PostgresUser | undefined): void {
  mkdirSync(folder, { mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
}

function sharedFolder(name: string): string {
  const folder = join(SHARED_FOLDER, `biotune-postgres-${name}`);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const { uid, mode } = statSync(folder);
  // Anyone may write to /var/tmp: do not run programs or keep data in a folder that somebody else put there.
  if (uid !== 0 || (mode & 0o022) !== 0) throw new Error(`${folder} must belong to root and to nobody else: remove it`);
  return folder;
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startOnFolder } from './folder-claim.js';
import { arePortsFree, findFreePort } from './free-port.js';
import { findPostgresBinaries } from './postgres-binaries.js';
import {
  makePrivateFolder,
  postgresUser,
  reachableBinaries,
  reachableFolder,
  type PostgresUser,
} from './postgres-user.js';
import { commandLineOf, endProcess, sendSignal } from './process-table.js';

const runFile = promisify(execFile);
const START_SECONDS_MAX = 60;
const STOP_SECONDS_MAX = 30;

export interface EmbeddedPostgresOptions {
  /** Kept over restarts. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** The connection URL of the superuser, with the password. */
  readonly url: string;
  /** The postmaster's. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Programs, place and user of one server. */
interface Cluster {
  readonly binaries: string;
  readonly home: string;
  readonly folder: string;
  readonly user: PostgresUser | undefined;
}

interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/**
 * Starts a Postgres server on 127.0.0.1, or takes over the one that a killed process left running on the same folder.
 * The server is not a child process, so Ctrl-C in a terminal does not stop it before its clients have finished.
 *
 * @throws {DomainError} DATABASE_UNAVAILABLE with what to do.
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = { name: 'embedded Postgres', reason: 'DATABASE_UNAVAILABLE' } as const;
  return startOnFolder(options.dataDir, server, (folder, release) => startClaimed(folder, options, release));
}

/** Stops the server that a killed process left running on this folder, if there is one. */
export async function stopLeftoverPostgres(dataDir: string): Promise<void> {
  const postmaster = findPostmaster(openCluster(resolve(dataDir), () => undefined).folder);
  if (postmaster) await endProcess(postmaster.pid, 'SIGINT', STOP_SECONDS_MAX);
}

async function startClaimed(
  dataDir: string,
  { port, log = () => undefined }: EmbeddedPostgresOptions,
  release: () => void,
): Promise<EmbeddedPostgres> {
  const cluster = openCluster(dataDir, log);
  const password = await initialise(cluster);
  let postmaster = findPostmaster(cluster.folder);
  if (postmaster?.isReady && (port ?? postmaster.port) === postmaster.port) {
    log(`took over the Postgres server (process ${postmaster.pid}) that an earlier run left behind`);
  } else {
    if (postmaster) await endProcess(postmaster.pid, 'SIGINT', STOP_SECONDS_MAX);
    postmaster = await launch(cluster, port);
  }
  const { pid } = postmaster;
  // Fast shutdown; for a process that ends without stop().
  const stopAtExit = () => sendSignal(pid, 'SIGINT');
  process.once('exit', stopAtExit);
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${postmaster.port}/postgres`,
    pid,
    stop: async () => {
      process.off('exit', stopAtExit);
      // SIGINT is Postgres' "fast shutdown": ends the sessions, writes a checkpoint.
      if (findPostmaster(cluster.folder)?.pid === pid) await endProcess(pid, 'SIGINT', STOP_SECONDS_MAX);
      release();
    },
  };
}

function openCluster(dataDir: string, log: (line: string) => void): Cluster {
  const user = postgresUser();
  const binaries = reachableBinaries(findPostgresBinaries(), user);
  if (user) chmodSync(dataDir, 0o711); // the server's user must be able to pass through
  const home = reachableFolder(dataDir, user, log);
  return { binaries, home, folder: join(home, 'cluster'), user };
}

/** Makes the cluster unless it is there, and returns the superuser's password. */
async function initialise(cluster: Cluster): Promise<string> {
  const { binaries, home, folder, user } = cluster;
  const passwordFile = join(home, 'password');
  if (existsSync(folder)) {
    await assertSameMajor(cluster);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  const password = randomBytes(24).toString('hex');
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  // A start that was killed half-way leaves only this folder behind.
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  makePrivateFolder(partial, user);
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await runAs(user, join(binaries, 'bin', 'initdb'), [`--pgdata=${partial}`, ...locale, ...access]);
  renameSync(partial, folder);
  return password;
}

async function assertSameMajor({ binaries, folder, user }: Cluster): Promise<void> {
  const dataMajor = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  const version = await runAs(user, join(binaries, 'bin', 'postgres'), ['--version']);
  if (version.includes(` ${dataMajor}.`)) return;
  throw new Error(
    `${folder} was made by Postgres ${dataMajor}, this is ${version.trim()}: remove it, or dump and restore`,
  );
}

async function launch({ binaries, folder, user }: Cluster, wantedPort: number | undefined): Promise<Postmaster> {
  if (wantedPort !== undefined && !(await arePortsFree(wantedPort))) {
    throw new Error(`port ${wantedPort} of 127.0.0.1 is taken: free it, or choose another port`);
  }
  const port = wantedPort ?? (await findFreePort());
  const logFile = join(folder, 'server.log');
  rmSync(logFile, { force: true });
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // No socket file: its path could be too long, and nothing uses it.
    "unix_socket_directories=''",
    'shared_buffers=64MB',
    'max_wal_size=256MB',
  ];
  const postgresOptions = settings.map((setting) => `-c ${setting}`).join(' ');
  const args = ['start', '-D', folder, '-l', logFile, '-w', '-t', String(START_SECONDS_MAX), '-o', postgresOptions];
  try {
    await runAs(user, join(binaries, 'bin', 'pg_ctl'), args);
  } catch (cause) {
    throw new Error(`did not start, see ${logFile}\n${lastLines(logFile)}`, { cause });
  }
  const postmaster = findPostmaster(folder);
  if (!postmaster?.isReady) throw new Error(`ended right after its start, see ${logFile}\n${lastLines(logFile)}`);
  return postmaster;
}

/** Finds the server that runs on this folder by its lock file; a lock whose process is another program is removed. */
function findPostmaster(folder: string): Postmaster | undefined {
  const lockFile = join(folder, 'postmaster.pid');
  if (!existsSync(lockFile)) return undefined;
  // Lines: pid, folder, start time, port, socket folder, address, shared memory key, status.
  const lines = readFileSync(lockFile, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const commandLine = commandLineOf(pid);
  if (commandLine?.includes(folder)) return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' };
  // Postgres would take any process with that number for its own, even a zombie, and refuse to start.
  rmSync(lockFile);
  return undefined;
}

async function runAs(user: PostgresUser | undefined, program: string, args: readonly string[]): Promise<string> {
  const account = user && { uid: user.uid, gid: user.gid };
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  // The user may not be allowed in this process's working folder.
  const { stdout } = await runFile(program, [...args], { ...account, env, cwd: '/' });
  return stdout;
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-10).join('\n') : '';
}

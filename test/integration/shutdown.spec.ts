import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stopLeftoverObjectStore } from '../../src/embedded/embedded-object-store.js';
import { stopLeftoverPostgres } from '../../src/embedded/embedded-postgres.js';
import { findFreePort } from '../../src/embedded/free-port.js';
import { startTimeOf } from '../../src/embedded/process-table.js';
import { SEAWEEDFS_BINARY } from '../support/services.js';
import { startRole, type RunningRole } from '../support/process.js';

/** A role's own limit is 40 s, and its servers' 30 s beyond that; as much again for a machine that is busy. */
const SECONDS_MAX = 140;

describe('a standalone service with a caller that never ends its request', () => {
  let folder: string;
  let service: RunningRole;
  let caller: Socket;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'biotune-shutdown-'));
    chmodSync(folder, 0o711); // as root, Postgres runs as another user
    const [http, grpc, gateway, health] = [
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
      await findFreePort(),
    ];
    service = await startRole({
      role: 'standalone',
      env: {
        HTTP_PORT: String(http),
        GRPC_PORT: String(grpc),
        WORKER_GRPC_PORT: String(gateway),
        COORDINATOR_HTTP_PORT: String(health),
        STANDALONE_DATA_DIR: folder,
        WORKER_CACHE_DIR: join(folder, 'cache'),
        SEAWEEDFS_BINARY,
      },
      readyUrl: `http://127.0.0.1:${http}/healthz/ready`,
      readySecondsMax: 120,
    });
    caller = connect(http, '127.0.0.1').on('error', () => undefined);
    await once(caller, 'connect');
    caller.write('GET / HTTP/1.1\r\nHost: a\r\n');
  });
  afterEach(async () => {
    caller.destroy();
    await service.kill();
    await stopLeftoverPostgres(join(folder, 'postgres'));
    await stopLeftoverObjectStore(join(folder, 'object-store'));
    rmSync(folder, { recursive: true, force: true });
  });

  /** The processes of the embedded servers. */
  function serverPids(): number[] {
    const postmaster = readFileSync(join(folder, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0];
    return [Number(postmaster), Number(readFileSync(join(folder, 'object-store/server.pid'), 'utf8'))];
  }

  const isAlive = (pid: number) => startTimeOf(pid) !== undefined;

  async function untilGone(pids: readonly number[]): Promise<void> {
    const deadline = performance.now() + SECONDS_MAX * 1000;
    while (pids.some(isAlive)) {
      if (performance.now() > deadline) throw new Error(`${pids.join()} did not end\n${service.logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('ends when it is told to, and its Postgres and S3 server with it', async () => {
    const pids = serverPids();
    await service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends at once when it is told again', async () => {
    const pids = serverPids();
    process.kill(service.pid, 'SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 143, signal: null });
    await untilGone(pids);
  });
});

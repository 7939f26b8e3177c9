import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../dist/src/embedded/free-port.js';

const READY_SECONDS_MAX = 60;

/**
 * Starts the `standalone` role on free ports of loopback.
 *
 * @returns `ready`: its connection.json once it serves; `stop`: ends it and all that it has started.
 */
export function startService(root, dataDir) {
  mkdirSync(dataDir, { recursive: true });
  const connectionFile = join(dataDir, 'connection.json');
  const logFile = join(dataDir, 'service.log');
  rmSync(connectionFile, { force: true });
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  let isStopping = false;

  const launch = async () => {
    process.stdout.write('Starting Postgres, the S3 server and the service … ');
    const ports = await freePorts();
    if (isStopping) throw new Error('stopped before it had started');
    child = spawnService(root, dataDir, ports);
    child.stderr?.pipe(createWriteStream(logFile));
    const connection = await connectionOf(child, connectionFile);
    console.log(`ready at ${connection.http} (log: ${logFile})`);
    return connection;
  };

  /** Ends the service, and waits until it has ended. */
  const stop = async () => {
    isStopping = true;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };

  const lastLogLines = () =>
    existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : '';

  return { ready: launch(), stop, lastLogLines };
}

async function freePorts() {
  const port = async () => String(await findFreePort());
  return {
    HTTP_PORT: await port(),
    GRPC_PORT: await port(),
    WORKER_GRPC_PORT: await port(),
    COORDINATOR_HTTP_PORT: await port(),
  };
}

/** The service has its own process group, so that Ctrl-C reaches it once; it ends with this process, however that ends. */
function spawnService(root, dataDir, ports) {
  return spawn(process.execPath, [root, 'standalone'], {
    env: { ...process.env, ...ports, STANDALONE_DATA_DIR: dataDir, WORKER_CACHE_DIR: join(dataDir, 'worker-cache') },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
}

/** Waits until the service has written where it can be reached. */
async function connectionOf(child, connectionFile) {
  const deadline = Date.now() + READY_SECONDS_MAX * 1000;
  while (!existsSync(connectionFile)) {
    if (child.exitCode !== null) throw new Error('the service ended before it was ready');
    if (Date.now() > deadline) throw new Error(`the service was not ready within ${READY_SECONDS_MAX} s`);
    await sleep(100);
  }
  return JSON.parse(readFileSync(connectionFile, 'utf8'));
}

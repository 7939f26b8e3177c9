import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOnFolder } from './folder-claim.js';
import { arePortsFree, findFreePorts } from './free-port.js';
import { commandLineOf, endProcess, sendSignal } from './process-table.js';

const START_SECONDS_MAX = 60;
/** After SIGTERM it waits 15 s for its own streams and does nothing else. Acknowledged objects survive a SIGKILL. */
const STOP_GRACE_SECONDS = 1;

export interface EmbeddedObjectStoreOptions {
  /** Kept over restarts, with the credentials. */
  readonly dataDir: string;
  /** The SeaweedFS program `weed`; `npm run setup` puts it at `.cache/seaweedfs/weed`. */
  readonly binaryPath: string;
  readonly log?: (line: string) => void;
}

export interface EmbeddedObjectStore {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** One port a service; each service also opens port + 10000 for gRPC. */
interface Ports {
  readonly s3: number;
  readonly master: number;
  readonly volume: number;
  readonly filer: number;
}

/**
 * Starts SeaweedFS as an S3 server on 127.0.0.1, ending one that a killed process left running on the same folder.
 * Only the S3 port asks for credentials: any user of this machine can reach the data through the others.
 *
 * @throws {DomainError} STORAGE_UNAVAILABLE with what to do.
 */
export function startEmbeddedObjectStore(options: EmbeddedObjectStoreOptions): Promise<EmbeddedObjectStore> {
  const server = { name: 'embedded object store', reason: 'STORAGE_UNAVAILABLE' } as const;
  return startOnFolder(options.dataDir, server, (folder, release) => startClaimed(folder, options, release));
}

/** Stops the server that a killed process left running on this folder, and says whether there was one. */
export async function stopLeftoverObjectStore(dataDir: string): Promise<boolean> {
  const folder = resolve(dataDir);
  const pidFile = join(folder, 'server.pid');
  if (!existsSync(pidFile)) return false;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  // The number may belong to another program by now.
  const isRunning = commandLineOf(pid)?.includes(folder) ?? false;
  if (isRunning) await endProcess(pid, 'SIGTERM', STOP_GRACE_SECONDS);
  rmSync(pidFile, { force: true });
  return isRunning;
}

async function startClaimed(
  dataDir: string,
  { binaryPath, log = () => undefined }: EmbeddedObjectStoreOptions,
  release: () => void,
): Promise<EmbeddedObjectStore> {
  if (!existsSync(binaryPath)) throw new Error(`${binaryPath} is missing: run "npm run setup"`);
  if (await stopLeftoverObjectStore(dataDir)) log('stopped the object store that an earlier run left behind');
  const credentials = readCredentials(dataDir);
  const ports = await choosePorts(dataDir);
  const pid = launch(resolve(binaryPath), dataDir, ports);
  const killAtExit = () => sendSignal(pid, 'SIGKILL');
  process.once('exit', killAtExit);
  const stop = async () => {
    process.off('exit', killAtExit);
    await stopLeftoverObjectStore(dataDir);
    removeSockets(ports);
    release();
  };
  const endpoint = `http://127.0.0.1:${ports.s3}`;
  try {
    await waitUntilReady(ports, pid, join(dataDir, 'server.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, ...credentials, pid, stop };
}

function readCredentials(dataDir: string): Credentials {
  const file = join(dataDir, 'credentials.json');
  if (!existsSync(file)) {
    const made = { accessKey: randomBytes(10).toString('hex'), secretKey: randomBytes(24).toString('hex') };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  const { accessKey, secretKey } = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
  const config = { identities: [{ name: 'admin', credentials: [{ accessKey, secretKey }], actions }] };
  writeFileSync(join(dataDir, 's3.json'), JSON.stringify(config), { mode: 0o600 });
  return { accessKey, secretKey };
}

/** Keeps the ports of the last start where it can: the master's state lies in a folder named after its port. */
async function choosePorts(dataDir: string): Promise<Ports> {
  const file = join(dataDir, 'ports.json');
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ports) : undefined;
  if (last && (await arePortsFree(...Object.values(last).flatMap(withGrpc)))) return last;
  const [s3 = 0, master = 0, volume = 0, filer = 0] = await findFreePorts(4, withGrpc);
  const ports = { s3, master, volume, filer };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

function withGrpc(port: number): number[] {
  return [port, port + 10_000];
}

function launch(binary: string, dataDir: string, ports: Ports): number {
  const output = openSync(join(dataDir, 'server.log'), 'w', 0o600);
  // detached: Ctrl-C in a terminal must not stop the server before its clients have finished.
  const server = spawn(binary, serverArguments(dataDir, ports), {
    cwd: dataDir,
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      HOME: dataDir,
      // Without these it is 0.9 GB resident after large uploads, and a new bucket takes seven volumes at once.
      GOMEMLIMIT: '300MiB',
      GOGC: '50',
      WEED_MASTER_VOLUME_GROWTH_COPY_1: '1',
    },
  });
  closeSync(output);
  server.unref();
  server.on('error', () => undefined); // no pid then, which is the failure reported
  if (server.pid === undefined) throw new Error(`cannot run ${binary}: run "npm run setup" again`);
  writeFileSync(join(dataDir, 'server.pid'), String(server.pid));
  return server.pid;
}

function serverArguments(dataDir: string, ports: Ports): string[] {
  // At the default of 10 s, the master of a second start finds itself leader only after 13 s.
  const local = ['-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-master.telemetry=false', '-master.electionTimeout=1s'];
  // Iceberg, Lance and IAM are on unless switched off.
  const s3 = [
    '-s3',
    `-s3.config=${join(dataDir, 's3.json')}`,
    '-s3.iam=false',
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
  ];
  // Each bucket has volumes of its own; the ten-second wait before a stop is for load balancers.
  const volumes = ['-master.volumeSizeLimitMB=256', '-volume.max=1000', '-volume.preStopSeconds=0'];
  const listen = [
    `-master.port=${ports.master}`,
    `-volume.port=${ports.volume}`,
    '-filer',
    `-filer.port=${ports.filer}`,
    `-s3.port=${ports.s3}`,
  ];
  return ['server', `-dir=${dataDir}`, ...local, ...listen, ...s3, ...volumes];
}

async function waitUntilReady(ports: Ports, pid: number, logFile: string): Promise<void> {
  const deadline = performance.now() + START_SECONDS_MAX * 1000;
  while (!(await isReady(ports))) {
    const hasEnded = commandLineOf(pid) === undefined;
    if (hasEnded || performance.now() > deadline) {
      const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
      const what = hasEnded ? 'ended at its start' : `not ready after ${START_SECONDS_MAX} s`;
      throw new Error(`${what}, see ${logFile}\n${lines}`);
    }
    await sleep(100);
  }
}

/**
 * Ready is when S3 refuses a request without credentials (its port is open before that), and the volume server has
 * reported to the master (until then, up to 4 s later, objects of an earlier run cannot be read).
 */
async function isReady({ s3, master }: Ports): Promise<boolean> {
  try {
    const refusal = await fetch(`http://127.0.0.1:${s3}`, { signal: AbortSignal.timeout(2000) });
    if (refusal.status !== 403) return false;
    const status = await fetch(`http://127.0.0.1:${master}/dir/status`, { signal: AbortSignal.timeout(2000) });
    const { Topology } = (await status.json()) as { Topology?: { Max?: number } };
    return (Topology?.Max ?? 0) > 0;
  } catch {
    return false;
  }
}

/** The server puts sockets named after its ports under /tmp, and leaves some there. */
function removeSockets(ports: Ports): void {
  for (const [service, port] of Object.entries<number>({ ...ports })) {
    rmSync(`/tmp/seaweedfs-${service}-${port}.sock`, { force: true });
    rmSync(`/tmp/seaweedfs-${service}-grpc-${port + 10_000}.sock`, { force: true });
  }
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomStream } from '../../src/random/random-stream.js';
import { findFreePort } from '../../src/embedded/free-port.js';
import { ToxicProxy } from '../support/toxic-proxy.js';
import { KeptRole } from './kept-role.js';
import { childrenOf, endLeftovers } from './processes.js';
import { LINKS, type LinkName, type Target } from './schedule.js';
import { SmallDisk } from './small-disk.js';
import { Stores } from './stores.js';

const COORDINATOR_COUNT = 2;
/** Short, so that what waits for one to end ends soon. */
export const LEASE_SECONDS = 4;
/** Workers notice within this that their coordinator is gone. */
const LEFTOVER_GRACE_SECONDS = 30;
export const BUCKET = 'biotune-chaos';

/** One api and two coordinators with a worker each, and a faulty line between any two of them that are connected. */
export class Cluster {
  private constructor(
    private readonly folder: string,
    readonly stores: Stores,
    readonly links: ReadonlyMap<string, ToxicProxy>,
    readonly api: KeptRole,
    readonly coordinators: readonly KeptRole[],
    /** Of the workers of each coordinator; none where no file system can be mounted. */
    readonly disks: readonly SmallDisk[],
    readonly http: string,
  ) {}

  /** @param folder For everything; what the roles have written is in `*.log`. */
  static async start(folder: string, seed: number): Promise<Cluster> {
    const stores = await Stores.start(folder);
    const gateways = await freePorts(COORDINATOR_COUNT);
    const links = await startLinks(stores, gateways, seed);
    const [http = 0, grpc = 0] = await freePorts(2);
    const api = new KeptRole({
      role: 'api',
      environment: { ...storeSettings(stores, links, 'api'), HTTP_PORT: String(http), GRPC_PORT: String(grpc) },
      logFile: join(folder, 'api.log'),
      readyUrl: `http://127.0.0.1:${http}/healthz/ready`,
    });
    const disks = mountDisks(folder);
    const healths = await freePorts(COORDINATOR_COUNT);
    const coordinators = healths.map((health, index) => {
      const workerCacheDir = disks[index]?.folder ?? join(folder, `worker-cache-${index}`);
      const environment = {
        ...storeSettings(stores, links, `coordinator${index}`),
        COORDINATOR_HTTP_PORT: String(health),
        WORKER_GRPC_PORT: String(gateways[index]),
        WORKER_GATEWAY_ADDRESS: `127.0.0.1:${links.get(`workers${index}-gateway`)?.port}`,
        WORKER_TOKEN_SECRET: 'a-secret-of-this-chaos-run-and-no-other',
        WORKER_CACHE_DIR: workerCacheDir,
        POOL_WORKER_COUNT_MAX: '1',
        LEASE_SECONDS: String(LEASE_SECONDS),
        TRAINER_CHECKPOINT_SECONDS: '1',
      };
      const logFile = join(folder, `coordinator${index}.log`);
      return new KeptRole({
        role: 'coordinator',
        environment,
        logFile,
        readyUrl: `http://127.0.0.1:${health}/healthz/ready`,
      });
    });
    const cluster = new Cluster(folder, stores, links, api, coordinators, disks, `http://127.0.0.1:${http}`);
    try {
      await Promise.all([api, ...coordinators].map((role) => role.waitUntilReady()));
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** The living processes of a kind. */
  pidsOf(target: Target): number[] {
    if (target === 'api') return this.api.pid === undefined ? [] : [this.api.pid];
    const coordinators = this.coordinators.flatMap(({ pid }) => pid ?? []);
    if (target === 'coordinator') return coordinators;
    const workers = coordinators.flatMap(childrenOf);
    return target === 'worker' ? workers : workers.flatMap(childrenOf);
  }

  link(name: LinkName): ToxicProxy {
    const proxy = this.links.get(name);
    if (proxy === undefined) throw new Error(`no link ${name}`);
    return proxy;
  }

  get restartCount(): number {
    return [this.api, ...this.coordinators].reduce((sum, { restartCount }) => sum + restartCount, 0);
  }

  /** @throws {Error} when a kind of link was not used: then its faults would have hit nothing. */
  assertLinksAreUsed(): void {
    for (const kind of ['-postgres', '-store', '-gateway']) {
      const used = [...this.links].filter(([name, { acceptedCount }]) => name.endsWith(kind) && acceptedCount > 0);
      if (used.length === 0) throw new Error(`nothing has gone through a link called *${kind}`);
    }
  }

  /** @returns how many processes had to be killed, because they did not end when they were told to. */
  async stop(): Promise<number> {
    const ended = await Promise.all([this.api, ...this.coordinators].map((role) => role.stop()));
    await Promise.all([...this.links.values()].map((proxy) => proxy.close()));
    await this.stores.stop();
    const leftCount = await endLeftovers(`WORKER_CACHE_DIR=${this.folder}`, LEFTOVER_GRACE_SECONDS);
    for (const disk of this.disks) disk.unmount();
    return leftCount + ended.filter((hasEnded) => !hasEnded).length;
  }
}

async function startLinks(stores: Stores, gateways: readonly number[], seed: number): Promise<Map<string, ToxicProxy>> {
  const postgresPort = Number(new URL(stores.postgresUrl).port);
  const links = new Map<string, ToxicProxy>();
  for (const name of LINKS) {
    const rng = randomStream(`chaos/${seed}/${name}`);
    const gateway = gateways[Number(/\d/.exec(name)?.[0])];
    const port = name.endsWith('-postgres') ? postgresPort : name.endsWith('-store') ? stores.busyStorePort : gateway;
    if (port === undefined) throw new Error(`${name} leads nowhere`);
    links.set(name, await ToxicProxy.start('127.0.0.1', port, rng));
  }
  return links;
}

/** How a role gets to the stores by its own links, and the machine's variables. */
function storeSettings(
  { postgresUrl, objectStore }: Stores,
  links: ReadonlyMap<string, ToxicProxy>,
  role: string,
): NodeJS.ProcessEnv {
  const url = new URL(postgresUrl);
  url.port = String(links.get(`${role}-postgres`)?.port);
  const { PATH, HOME, TMPDIR } = process.env;
  return {
    ...{ PATH, HOME, TMPDIR },
    DATABASE_URL: url.href,
    S3_ENDPOINT: `http://127.0.0.1:${links.get(`${role}-store`)?.port}`,
    S3_ACCESS_KEY: objectStore.accessKey,
    S3_SECRET_KEY: objectStore.secretKey,
    S3_BUCKET: BUCKET,
    REPRODUCIBILITY_DEFAULT: 'BITWISE',
  };
}

function mountDisks(folder: string): SmallDisk[] {
  try {
    return Array.from({ length: COORDINATOR_COUNT }, (_, index) => {
      const place = join(folder, `small-disk-${index}`);
      mkdirSync(place, { recursive: true });
      return SmallDisk.mount(place);
    });
  } catch {
    return [];
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}

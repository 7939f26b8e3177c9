import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedObjectStore, type EmbeddedObjectStore } from '../../src/embedded/embedded-object-store.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { sendSignal, startTimeOf } from '../../src/embedded/process-table.js';
import { BusyStore } from '../support/busy-store.js';
import { SEAWEEDFS_BINARY } from '../support/services.js';
import { childrenOf } from './processes.js';

/** A Postgres that can be crashed, and an S3 server behind one that can refuse. */
export class Stores {
  /** One restart at a time. */
  private restart: Promise<void> = Promise.resolve();

  private constructor(
    private readonly postgresFolder: string,
    private postgres: EmbeddedPostgres,
    /** The S3 server itself, which nothing disturbs. */
    readonly objectStore: EmbeddedObjectStore,
    readonly busyStore: BusyStore,
    /** Of `busyStore`, which roles reach through their links. */
    readonly busyStorePort: number,
  ) {}

  static async start(folder: string): Promise<Stores> {
    const postgresFolder = join(folder, 'postgres');
    const [postgres, objectStore] = await Promise.all([
      startEmbeddedPostgres({ dataDir: postgresFolder }),
      startEmbeddedObjectStore({ dataDir: join(folder, 'object-store'), binaryPath: SEAWEEDFS_BINARY }),
    ]);
    const busyStore = new BusyStore(objectStore.endpoint);
    const busyStorePort = Number(new URL(await busyStore.start()).port);
    return new Stores(postgresFolder, postgres, objectStore, busyStore, busyStorePort);
  }

  /** Of the server itself, which stays where it is over restarts. */
  get postgresUrl(): string {
    return this.postgres.url;
  }

  /** Ends the server without a checkpoint, as a crash of its machine would, and starts it again. */
  restartPostgres(): Promise<void> {
    this.restart = this.restart.then(async () => {
      const { pid, url } = this.postgres;
      sendSignal(pid, 'SIGQUIT');
      while (startTimeOf(pid) !== undefined) await sleep(50);
      await this.postgres.stop();
      this.postgres = await startEmbeddedPostgres({ dataDir: this.postgresFolder, port: Number(new URL(url).port) });
    });
    return this.restart;
  }

  /** Kills one process of the server; it then ends all its connections and recovers. @param pick in [0, 1): which. */
  killPostgresChild(pick: number): boolean {
    const children = childrenOf(this.postgres.pid);
    const child = children[Math.floor(pick * children.length)];
    if (child !== undefined) sendSignal(child, 'SIGKILL');
    return child !== undefined;
  }

  async stop(): Promise<void> {
    await this.restart;
    this.busyStore.stop();
    await Promise.all([this.postgres.stop(), this.objectStore.stop()]);
  }
}

import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createHash } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { refusalOf } from '../../src/api/errors/refusal.js';
import { rpcStatusOf } from '../../src/api/errors/rpc-status.js';
import type { Artifact } from '../../src/domain/artifact.js';
import { DomainError } from '../../src/domain/errors.js';
import type { TaskOutcome, TaskSpec } from '../../src/domain/task.js';
import type { MetricValue } from '../../src/wire/biotune/v1/worker.js';

export const TOKEN = 'a-token-for-one-job';
const PROTO_DIR = join(import.meta.dirname, '../../proto');

export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A store that takes and gives bytes by link, and can misbehave. */
export class FakeStore {
  readonly blobs = new Map<string, Buffer>();
  readonly sources = new Map<string, Buffer>();
  /** Put by link, and not confirmed yet. */
  readonly uploads = new Map<string, Buffer>();
  /** Uploads arrive with a flipped bit while true. */
  spoilsUploads = false;
  /** Reads of a source that are refused, as by an expired link, before the next good one. */
  refusedCount = 0;
  /** Reads of a source of which the last byte is missing, before the next good one. */
  shortCount = 0;
  /** Digests whose bytes come with a flipped bit. */
  readonly corrupt = new Set<string>();
  /** Requests that are answered 503 before the next good one. */
  busyCount = 0;
  /** Requests get no answer while true. */
  isHanging = false;
  waitingCount = 0;
  readonly requests: string[] = [];
  private readonly server: HttpServer;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.isHanging) {
          this.waitingCount += 1;
          return;
        }
        const [statusCode, body] = this.answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks));
        response.writeHead(statusCode, { etag: `"${sha256Of(body)}"` });
        if (statusCode === 200 && this.shortCount > 0 && request.url?.startsWith('/source/')) {
          this.shortCount -= 1;
          response.end(body.subarray(1));
        } else response.end(body);
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  add(bytes: Buffer): Artifact {
    this.blobs.set(sha256Of(bytes), bytes);
    return { sha256: sha256Of(bytes), sizeBytes: bytes.length };
  }

  url(kind: 'blob' | 'source' | 'upload', name: string): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${kind}/${encodeURIComponent(name)}`;
  }

  private answer(method: string, url: string, body: Buffer): [number, Buffer] {
    const [, kind, encoded = ''] = url.split('/');
    const name = decodeURIComponent(encoded);
    this.requests.push(`${method} ${name}`);
    if (this.busyCount > 0) {
      this.busyCount -= 1;
      return [503, Buffer.alloc(0)];
    }
    if (method === 'PUT') {
      this.uploads.set(name, this.spoilsUploads ? flipped(body) : body);
      return [200, Buffer.alloc(0)];
    }
    if (kind === 'source' && this.refusedCount > 0) {
      this.refusedCount -= 1;
      return [403, Buffer.alloc(0)];
    }
    const found = (kind === 'blob' ? this.blobs : this.sources).get(name);
    if (found === undefined) return [404, Buffer.alloc(0)];
    return [200, this.corrupt.has(name) ? flipped(found) : found];
  }
}

function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  changed[0] = (changed[0] ?? 0) ^ 1;
  return changed;
}

type Handler = (request: { task: string; fence: number } & Record<string, unknown>) => object;

/** WorkerService with its tasks in memory. */
export class FakeCoordinator {
  leaseSeconds = 3;
  /** Times that a task was asked for. */
  leaseCount = 0;
  done = false;
  /** Heartbeats fail while true. */
  isCutOff = false;
  /** Calls other than heartbeats that fail before the next good one. */
  failureCount = 0;
  readonly leaseLost = new Set<string>();
  readonly cancelled = new Set<string>();
  readonly outcomes = new Map<string, TaskOutcome>();
  readonly released: { task: string; reason: unknown }[] = [];
  readonly metrics = new Map<string, MetricValue[]>();
  /** Links to sources that were given. */
  signedCount = 0;
  address = '';
  private readonly queue: { id: string; fence: number; spec: TaskSpec }[] = [];
  private readonly server = new Server();
  private fence = 0;

  constructor(readonly store: FakeStore) {}

  async start(): Promise<void> {
    const options = { includeDirs: [PROTO_DIR], keepCase: false, longs: Number, enums: String, defaults: false };
    const definitions = loadSync('biotune/v1/worker.proto', { ...options, arrays: true, objects: true });
    const handlers = Object.entries(this.handlers()).map(([name, handler]) => [name, this.serve(name, handler)]);
    const implementation = Object.fromEntries(handlers) as UntypedServiceImplementation;
    this.server.addService(definitions['biotune.v1.WorkerService'] as never, implementation);
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.address = `127.0.0.1:${port}`;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  /** @returns the task's id. */
  enqueue(spec: TaskSpec): string {
    this.fence += 1;
    const id = `task-${this.fence}`;
    this.queue.push({ id, fence: this.fence, spec });
    return id;
  }

  private handlers(): Record<string, Handler> {
    const fenced = (task: string) => ({ leaseLost: this.leaseLost.has(task) });
    return {
      LeaseTask: () => {
        this.leaseCount += 1;
        const task = this.done ? undefined : this.queue.shift();
        return { ...(task && { task }), done: this.done, leaseSeconds: this.leaseSeconds };
      },
      Heartbeat: ({ task }) => ({ ...fenced(task), cancel: this.cancelled.has(task) }),
      ListSourceObjects: ({ task, pageToken }) => ({ ...fenced(task), ...this.sourcePage(Number(pageToken ?? 0)) }),
      GetTransferUrls: ({ task, downloads, uploads, sourceKeys }) => ({
        ...fenced(task),
        downloadUrls: (downloads as Artifact[]).map(({ sha256 }) => this.store.url('blob', sha256)),
        uploadUrls: (uploads as Artifact[]).map(({ sha256 }) =>
          this.store.blobs.has(sha256) ? '' : this.store.url('upload', sha256),
        ),
        sourceUrls: this.signed(sourceKeys as string[]),
      }),
      ConfirmUpload: ({ task, artifact }) => {
        const { sha256 } = artifact as Artifact;
        const bytes = this.store.uploads.get(sha256) ?? this.store.blobs.get(sha256);
        if (bytes === undefined || sha256Of(bytes) !== sha256)
          throw new DomainError('ARTIFACT_CORRUPT', `${sha256} is a lie`);
        this.store.blobs.set(sha256, bytes);
        return fenced(task);
      },
      ReportMetrics: ({ task, values }) => {
        this.metrics.set(task, [...(this.metrics.get(task) ?? []), ...(values as MetricValue[])]);
        return fenced(task);
      },
      CompleteTask: ({ task, outcome }) => {
        this.outcomes.set(task, outcome as TaskOutcome);
        return fenced(task);
      },
      ReleaseTask: ({ task, reason }) => {
        this.released.push({ task, reason });
        return fenced(task);
      },
    };
  }

  private signed(keys: readonly string[]): string[] {
    this.signedCount += keys.length;
    return keys.map((key) => this.store.url('source', key));
  }

  /** Two pages, so that paging is used. */
  private sourcePage(page: number): object {
    const all = [...this.store.sources].map(([key, bytes]) => ({
      key,
      etag: sha256Of(bytes),
      sizeBytes: bytes.length,
    }));
    const half = Math.ceil(all.length / 2);
    return page === 0 ? { objects: all.slice(0, half), nextPageToken: '1' } : { objects: all.slice(half) };
  }

  private serve(name: string, handler: Handler): handleUnaryCall<never, object> {
    return ({ request, metadata }, callback) => {
      if (metadata.get('authorization')[0] !== `Bearer ${TOKEN}`) callback({ code: status.UNAUTHENTICATED });
      else if (this.isCutOff && name === 'Heartbeat') callback({ code: status.UNAVAILABLE });
      else if (this.failureCount > 0 && name !== 'Heartbeat') {
        this.failureCount -= 1;
        callback({ code: this.failureCount % 2 === 0 ? status.UNAVAILABLE : status.INTERNAL });
      } else {
        try {
          callback(null, handler(request));
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          callback(rpcStatusOf(refusalOf(error), 'req_fake'));
        }
      }
    };
  }
}

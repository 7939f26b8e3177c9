import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { ServerGrpc } from '@nestjs/microservices';
import healthCheck, { type HealthImplementation } from 'grpc-health-check';
import { PROTO_PACKAGE } from './service-definitions.js';
import { reflectedDescriptors } from './reflected-descriptors.js';

/** The bytes of an answer; clients take no more unless they ask for it. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const METADATA_BYTES_MAX = 16 * 1024;
const STREAM_COUNT_MAX = 1000;
/** A caller that vanished without a word is found by pings, and its connection and streams are ended. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_ANSWER_MS_MAX = 10_000;
/** Calls in flight get this long to end at shutdown; health watchers never do. */
const DRAIN_MS_MAX = 5_000;

export interface GrpcListenerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly definitions: PackageDefinition;
  /** Full names of the services, as health checks ask for them. */
  readonly services: readonly string[];
  /** A larger request is answered RESOURCE_EXHAUSTED. */
  readonly requestBytesMax: number;
  /** Whether callers may ask for the schema. */
  readonly reflection: boolean;
}

/** Nest's gRPC server with a known address, limits, health and reflection, and an end to its shutdown. */
export class GrpcListener extends ServerGrpc {
  private readonly health: HealthImplementation;
  private server: Server | undefined;
  private boundPort: number | undefined;

  constructor(private readonly listener: GrpcListenerOptions) {
    super({
      package: PROTO_PACKAGE,
      packageDefinition: listener.definitions,
      onLoadPackageDefinition: (_definitions: PackageDefinition, server: Server) => {
        this.health.addToServer(server);
        if (listener.reflection) {
          new ReflectionService(reflectedDescriptors(), { services: [...listener.services] }).addToServer(server);
        }
      },
    });
    const serving = ['', ...listener.services].map((name) => [name, 'SERVING'] as const);
    this.health = new healthCheck.HealthImplementation(Object.fromEntries(serving));
  }

  /** `host:port`. @throws {Error} when it does not listen yet. */
  get address(): string {
    if (this.boundPort === undefined) throw new Error('the gRPC server does not listen yet');
    return `${this.listener.host}:${this.boundPort}`;
  }

  /** Makes health checks answer that this process is about to end. */
  stopServing(): void {
    for (const name of ['', ...this.listener.services]) this.health.setStatus(name, 'NOT_SERVING');
  }

  override async createClient(): Promise<Server> {
    const server = new Server({
      'grpc.max_receive_message_length': this.listener.requestBytesMax,
      'grpc.max_send_message_length': ANSWER_BYTES_MAX,
      'grpc.max_metadata_size': METADATA_BYTES_MAX,
      'grpc.max_concurrent_streams': STREAM_COUNT_MAX,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS_MAX,
    });
    const { host, port } = this.listener;
    const credentials = ServerCredentials.createInsecure();
    this.boundPort = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${host}:${port}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    this.server = server;
    return server;
  }

  override async close(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    let timer: NodeJS.Timeout | undefined;
    const drained = new Promise<void>((resolve, reject) => {
      server.tryShutdown((error) => (error === undefined ? resolve() : reject(error)));
    });
    // Nothing is waited for after that: a connection of a caller that does not read is ended only when it answers.
    const forced = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        server.forceShutdown();
        resolve();
      }, DRAIN_MS_MAX);
    });
    await Promise.race([drained, forced]).finally(() => clearTimeout(timer));
  }
}

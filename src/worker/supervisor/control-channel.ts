import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { z } from 'zod';
import { PROTO_LOADING } from '../../config/proto.js';
import type { Logger } from '../../observability/logger.js';
import { withRetries } from './backoff.js';
import { controlFailure, troubleOf } from './control-failure.js';

const CALL_DEADLINE_MS = 10_000;
/** A page of source objects and a batch of links are far below. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_DELAY_MS_MAX = 5_000;

/** Tries of a call that the coordinator cannot answer. */
const TROUBLED_COUNT_MAX = 8;

type Methods = Readonly<Record<string, MethodDefinition<object, object>>>;

/** One call to the coordinator. */
export interface Call<A extends z.ZodType> {
  readonly method: string;
  readonly request: object;
  /** What the answer must look like. */
  readonly answer: A;
  /** Stops the call and its repeats. */
  readonly signal: AbortSignal;
  /** Stops only the repeats: a call that is under way may have done its work, so its answer is waited for. */
  readonly repeatUntil?: AbortSignal;
  readonly deadlineMs?: number;
}

export interface ControlSettings {
  /** host:port of WorkerService. */
  readonly address: string;
  /** The token until the coordinator gives another. */
  readonly token: string;
  readonly logger: Logger;
}

/** Unary calls of WorkerService, with token and deadline, checked answers, and repeats while nobody is there. */
export class ControlChannel {
  private readonly client: Client;
  private readonly methods = readMethods();
  private readonly metadata = new Metadata();

  constructor(private readonly settings: ControlSettings) {
    const { address, token } = settings;
    this.useToken(token);
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': ANSWER_BYTES_MAX,
      // A connection whose other end vanished without a word is found by pings, and tried again soon.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 5_000,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': RETRY_DELAY_MS_MAX,
    });
  }

  /** Every call from now on carries this token. */
  useToken(token: string): void {
    this.metadata.set('authorization', `Bearer ${token}`);
  }

  /**
   * Calls until the coordinator answers or the signal fires; a call may so be made twice.
   *
   * @throws {DomainError} with the coordinator's reason, as far as it may be reported of a task: see `controlFailure`.
   */
  call<A extends z.ZodType>(call: Call<A>): Promise<z.output<A>> {
    let troubledCount = 0;
    const isTransient = (err: unknown) => {
      const trouble = troubleOf(err);
      if (trouble === 'REFUSED') return false;
      if (trouble === 'TROUBLED') troubledCount += 1;
      this.settings.logger.warn({ method: call.method, err }, 'call to the coordinator failed');
      return troubledCount < TROUBLED_COUNT_MAX;
    };
    const retries = { isTransient, delayMsMax: RETRY_DELAY_MS_MAX, signal: call.repeatUntil ?? call.signal };
    return withRetries(() => this.callOnce(call), retries);
  }

  /** Calls once; for calls that are repeated by a rule of their own. */
  async callOnce<A extends z.ZodType>(call: Call<A>): Promise<z.output<A>> {
    call.signal.throwIfAborted();
    try {
      return call.answer.parse(await this.send(call));
    } catch (error) {
      throw controlFailure(error);
    }
  }

  close(): void {
    this.client.close();
  }

  private send({ method, request, signal, deadlineMs = CALL_DEADLINE_MS }: Call<z.ZodType>): Promise<unknown> {
    const definition = this.methods[method];
    if (definition === undefined) throw new Error(`WorkerService has no method ${method}`);
    const { path, requestSerialize, responseDeserialize } = definition;
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs };
      const cancel = () => call.cancel();
      const done = (error: Error | null, answer: unknown) => {
        signal.removeEventListener('abort', cancel);
        if (error === null) resolve(answer);
        else reject(error);
      };
      const codec = [path, requestSerialize, responseDeserialize] as const;
      const call = this.client.makeUnaryRequest(...codec, request, this.metadata, options, done);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }
}

function readMethods(): Methods {
  const definitions = loadSync('biotune/v1/worker.proto', PROTO_LOADING);
  const service = definitions['biotune.v1.WorkerService'];
  if (service === undefined) throw new Error('worker.proto defines no biotune.v1.WorkerService');
  // The loader types services, messages and enums as one; the path says that this is a service.
  return service as Methods;
}

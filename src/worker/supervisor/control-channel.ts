import { Client, credentials, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { z } from 'zod';
import { PROTO_LOADING } from '../../config/proto.js';
import { DomainError } from '../../domain/errors.js';
import type { Logger } from '../../observability/logger.js';
import { withRetries } from './backoff.js';

const CALL_DEADLINE_MS = 10_000;
/** A page of source objects and a batch of links are far below. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const RETRY_DELAY_MS_MAX = 5_000;

/** Nobody is there: it may take as long as it takes. */
const AWAY: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
/** Something behind the coordinator, such as its database, may be away; or one of the two has a bug. */
const TROUBLED: readonly status[] = [status.INTERNAL, status.UNKNOWN, status.ABORTED, status.RESOURCE_EXHAUSTED];
const TROUBLED_COUNT_MAX = 8;
/** What the coordinator answers for ARTIFACT_CORRUPT, and for nothing else. */
const CORRUPT: readonly status[] = [status.DATA_LOSS];
const TOKEN_REFUSED: readonly status[] = [status.UNAUTHENTICATED, status.PERMISSION_DENIED];

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
  /** Until the coordinator gives another. */
  readonly token: string;
  readonly logger: Logger;
}

/** Unary calls of WorkerService, with token and deadline, checked answers, and repeats while nobody is there. */
export class ControlChannel {
  readonly #client: Client;
  readonly #methods = readMethods();
  readonly #metadata = new Metadata();

  constructor(private readonly settings: ControlSettings) {
    const { address, token } = settings;
    this.useToken(token);
    this.#client = new Client(address, credentials.createInsecure(), {
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
    this.#metadata.set('authorization', `Bearer ${token}`);
  }

  /**
   * Calls until the coordinator answers or the signal fires; a call may so be made twice.
   *
   * @throws DomainError WORKER_TOKEN_INVALID when it refuses the token, ARTIFACT_CORRUPT when it says so.
   */
  ask<A extends z.ZodType>(call: Call<A>): Promise<z.output<A>> {
    let troubledCount = 0;
    const isTransient = (err: unknown) => {
      if (hasCode(err, TROUBLED)) troubledCount += 1;
      else if (!hasCode(err, AWAY)) return false;
      this.settings.logger.warn({ method: call.method, err }, 'call to the coordinator failed');
      return troubledCount < TROUBLED_COUNT_MAX;
    };
    const retries = { isTransient, delayMsMax: RETRY_DELAY_MS_MAX, signal: call.repeatUntil ?? call.signal };
    return withRetries(() => this.askOnce(call), retries);
  }

  /** Calls once; for calls that are repeated by a rule of their own. */
  async askOnce<A extends z.ZodType>(call: Call<A>): Promise<z.output<A>> {
    call.signal.throwIfAborted();
    try {
      return call.answer.parse(await this.#send(call));
    } catch (error) {
      throw refusal(error) ?? error;
    }
  }

  close(): void {
    this.#client.close();
  }

  #send({ method, request, signal, deadlineMs = CALL_DEADLINE_MS }: Call<z.ZodType>): Promise<unknown> {
    const definition = this.#methods[method];
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
      const call = this.#client.makeUnaryRequest(...codec, request, this.#metadata, options, done);
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

/** What the coordinator refused for good, in the words of the domain. */
function refusal(cause: unknown): DomainError | undefined {
  if (hasCode(cause, TOKEN_REFUSED)) {
    return new DomainError('WORKER_TOKEN_INVALID', 'the coordinator refuses the worker token', {}, { cause });
  }
  if (cause instanceof Error && hasCode(cause, CORRUPT)) {
    const { message } = cause;
    return new DomainError('ARTIFACT_CORRUPT', 'details' in cause ? String(cause.details) : message, {}, { cause });
  }
  return undefined;
}

function hasCode(error: unknown, codes: readonly status[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

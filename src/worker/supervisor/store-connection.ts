import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { addAbortSignal, type Readable } from 'node:stream';

/** How long the store may take to answer, to take more of a body, or to go on with one. */
const SILENCE_MS_MAX = 15_000;

/** The connection to the store failed, or nothing went through it for too long. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

export interface StoreRequest {
  readonly method: 'GET' | 'PUT';
  readonly body?: { readonly stream: Readable; readonly sizeBytes: number };
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
}

/**
 * Sends one request by a presigned link. fetch would do but for its time limits, which cannot be set: it waits five
 * minutes for an answer. The caller reads the answer by `bodyOf`, or lets it go by `resume`.
 *
 * @throws {ConnectionError}; an AbortError when the signal fires; what the body's stream throws.
 */
export function send(url: string, { method, body, signal }: StoreRequest): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-length': body.sizeBytes };
    const sent = request(url, { method, headers, signal, timeout: SILENCE_MS_MAX }, (response) =>
      resolve(addAbortSignal(signal, response)),
    );
    sent.on('timeout', () => sent.destroy(new Error(`it said nothing for ${SILENCE_MS_MAX / 1000} s`)));
    sent.on('error', (error) => reject(signal.aborted ? error : lost(error)));
    if (body === undefined) {
      sent.end();
      return;
    }
    sent.on('close', () => body.stream.destroy());
    body.stream.on('error', (error) => {
      reject(error);
      sent.destroy();
    });
    body.stream.pipe(sent);
  });
}

/** The bytes of an answer. @throws {ConnectionError} when it stops in the middle. */
export async function* bodyOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof Error && error.name !== 'AbortError' ? lost(error) : error;
  }
}

const lost = (cause: Error) => new ConnectionError(`the connection to the store failed: ${cause.message}`, { cause });

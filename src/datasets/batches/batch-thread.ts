/** Entry of the thread that prepares batches; it is given a port for each loop that wants some. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { DomainError, type Failure } from '../../domain/errors.js';
import type { BatchAnswer, BatchRequest } from './batch-messages.js';
import { fillBatch } from './fill-batch.js';

parentPort?.on('message', serve);

/** Answers the requests of one loop in order; looks between two whether the loop has ended, and drops the rest then. */
function serve(port: MessagePort): void {
  const waiting: BatchRequest[] = [];
  const answerNext = () => {
    const request = waiting.shift();
    if (request === undefined) return;
    answer(port, request);
    if (waiting.length > 0) setImmediate(answerNext);
  };
  port.on('message', (request: BatchRequest) => {
    waiting.push(request);
    if (waiting.length === 1) setImmediate(answerNext);
  });
  port.on('close', () => (waiting.length = 0));
}

function answer(port: MessagePort, request: BatchRequest): void {
  const { buffer } = request;
  try {
    fillBatch(request, new Uint8Array(buffer));
    port.postMessage({ buffer } satisfies BatchAnswer, [buffer]);
  } catch (error) {
    port.postMessage({ failure: failureOf(error) } satisfies BatchAnswer);
  }
}

/** An error would lose its class on the way. */
function failureOf(error: unknown): Failure {
  if (error instanceof DomainError) {
    return { reason: error.reason, message: error.message, metadata: { ...error.metadata } };
  }
  return { reason: 'INTERNAL', message: error instanceof Error ? error.message : String(error), metadata: {} };
}

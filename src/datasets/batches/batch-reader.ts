import { on } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { DomainError } from '../../domain/errors.js';
import type { BatchAnswer, BatchRequest } from './batch-messages.js';
import type { EpochAugmentation } from './fill-batch.js';
import { imageBytes, type OpenImages } from '../packs/packed-file.js';

const THREAD_ENTRY = join(import.meta.dirname, 'batch-thread.js');

/** One is with the consumer, two are ready or being prepared: a slow read costs nothing unless it outlasts two steps. */
const BUFFER_COUNT = 3;

interface Thread {
  readonly worker: Worker;
  /** Why it ended; pending while it lives. */
  readonly ended: Promise<Error>;
}

/**
 * Prepares batches of images on a thread of its own, while the main thread is inside TensorFlow.
 *
 * The thread starts with the first read, in some 40 ms, and serves all later ones. It keeps no process alive, and there
 * is nothing to close: it idles between reads and ends with the process.
 */
export class BatchReader {
  private thread: Thread | undefined;

  /**
   * The batches of one loop. Leaving the loop stops the work after the batch that is being prepared.
   *
   * @param file Must stay open until the loop has ended, as what follows it; whoever opened them closes them.
   * @param batches Places in the file, and on in those that follow it.
   * @param varied How images are augmented; as they are in the file when absent.
   * @yields RGB bytes, [batch, sizePx, sizePx, 3], valid until the next are requested; the memory is used again.
   * @throws {DomainError} as `fillBatch`, when the loop comes to the batch that failed; Error when the thread ended.
   */
  async *read(
    file: OpenImages,
    batches: readonly Int32Array[],
    varied?: EpochAugmentation,
  ): AsyncGenerator<Uint8Array, void> {
    const thread = (this.thread ??= this.start());
    const { port1: port, port2: threadPort } = new MessageChannel();
    const nextBuffer = bufferQueue(port, thread);
    thread.worker.postMessage(threadPort, [threadPort]);
    const sent = descriptorsOf(file);
    let requestedCount = 0;
    const request = (buffer: ArrayBuffer) => {
      const images = batches[requestedCount++];
      if (images === undefined) return;
      port.postMessage({ file: sent, images, varied, buffer } satisfies BatchRequest, [buffer]);
    };
    const bufferBytes = batches.reduce((max, { length }) => Math.max(max, length), 0) * imageBytes(file);
    try {
      while (requestedCount < Math.min(BUFFER_COUNT, batches.length)) request(new ArrayBuffer(bufferBytes));
      for (const { length } of batches) {
        const buffer = await nextBuffer();
        yield new Uint8Array(buffer, 0, length * imageBytes(file));
        request(buffer);
      }
    } finally {
      port.close();
    }
  }

  private start(): Thread {
    const worker = new Worker(THREAD_ENTRY);
    worker.unref();
    const ended = new Promise<Error>((resolve) => {
      worker.once('error', resolve);
      worker.once('exit', (code) => resolve(new Error(`exit code ${code}`)));
    });
    worker.once('exit', () => (this.thread = undefined));
    return { worker, ended };
  }
}

/** What of open files can be sent to the thread. */
const descriptorsOf = ({ fd, path, sizePx, next }: OpenImages): OpenImages => ({
  fd,
  path,
  sizePx,
  ...(next !== undefined && { next: { start: next.start, images: descriptorsOf(next.images) } }),
});

/** Takes the thread's answers one by one. Only while one is waited for, the port keeps the process alive. */
function bufferQueue(port: MessagePort, { worker, ended }: Thread): () => Promise<ArrayBuffer> {
  const answers: AsyncIterator<readonly BatchAnswer[], undefined> = on(port, 'message', { close: ['close'] });
  port.unref();
  return async () => {
    port.ref();
    const [answer] = (await answers.next()).value ?? [];
    port.unref();
    if (answer === undefined) {
      worker.ref();
      throw new Error('the thread that prepares batches ended', { cause: await ended });
    }
    if ('buffer' in answer) return answer.buffer;
    throw DomainError.from(answer.failure);
  };
}

/** Entry of the trainer process: the only one that loads TensorFlow. Its parent asks, one request at a time. */
import { failureOf } from '../../domain/errors.js';
import { type TrainerMessage, trainerRequestSchema } from '../trainer-protocol.js';

const BYTES_PER_MIB = 1024 ** 2;

process.on('message', (request) => void answer(request));
// The parent is gone, and with it whoever would read a result. Training yields after each step, so this comes through.
process.on('disconnect', () => process.exit(1));
if (!process.connected) process.exit(1);
// Ctrl-C reaches the whole process group; what happens then is the parent's decision.
process.on('SIGINT', () => undefined);

async function answer(raw: unknown): Promise<void> {
  try {
    const request = trainerRequestSchema.parse(raw);
    // Loaded on request, so that a TensorFlow that cannot be loaded is answered like any other failure.
    const { fulfil, startOnce } = await import('./session.js');
    await startOnce({ send, rssMib });
    if (request.type !== 'check') send(await fulfil(request, { send, rssMib }));
  } catch (error) {
    send({ type: 'failed', failure: failureOf(error), rssMib: rssMib() });
  }
}

function send(message: TrainerMessage): void {
  process.send?.(message);
}

function rssMib(): number {
  return process.memoryUsage.rss() / BYTES_PER_MIB;
}

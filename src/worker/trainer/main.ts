/** Entry of the trainer process: the only one that loads TensorFlow. Its parent asks, one request at a time. */
import { failureOf } from '../../domain/errors.js';
import { type TrainerMessage, trainerRequestSchema } from '../trainer-protocol.js';
import type { TrainerSession } from './session.js';

const BYTES_PER_MIB = 1024 ** 2;

process.once('message', (first) => {
  const session = startSession();
  process.on('message', (request) => void answer(request, session));
  void answer(first, session);
});
// The parent is gone, and with it whoever would read a result. Training yields after each step, so this comes through.
process.on('disconnect', () => process.exit(1));
if (!process.connected) process.exit(1);
// Ctrl-C reaches the whole process group; what happens then is the parent's decision.
process.on('SIGINT', () => undefined);

/** Loads TensorFlow only now, so that one that cannot be loaded is answered like any other failure. */
async function startSession(): Promise<TrainerSession> {
  const { TrainerSession } = await import('./session.js');
  return TrainerSession.start({ send, rssMib });
}

async function answer(raw: unknown, starting: Promise<TrainerSession>): Promise<void> {
  try {
    const session = await starting;
    const request = trainerRequestSchema.parse(raw);
    if (request.type !== 'check') send(await session.fulfil(request));
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

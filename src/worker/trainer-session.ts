import { startBackend } from '../training/backend.js';
import { TrainerInputs } from './trainer-inputs.js';
import type { ScoreRequest, TrainerAnswer, TrainerMessage, TrainRequest } from './trainer-messages.js';
import { score, train } from './trainer-tasks.js';

/** The trainer process as its work sees it. */
export interface TrainerPort {
  readonly send: (message: TrainerMessage) => void;
  /** Memory of the whole process. */
  readonly rssMib: () => number;
}

const inputs = new TrainerInputs();
let isStarted = false;

/** Starts TensorFlow, and the first time tells how it is set up. @throws DomainError GPU_UNAVAILABLE. */
export async function startOnce({ send }: TrainerPort): Promise<void> {
  const settings = await startBackend();
  if (!isStarted) send({ type: 'started', ...settings });
  isStarted = true;
}

/** Trains or scores. */
export async function fulfil(
  request: TrainRequest | ScoreRequest,
  { send, rssMib }: TrainerPort,
): Promise<TrainerAnswer> {
  if (request.type === 'score') return { type: 'scored', result: await score(request, inputs), rssMib: rssMib() };
  const result = await train(request, inputs, (epoch) => send({ type: 'epoch', epoch }));
  return { type: 'trained', result, rssMib: rssMib() };
}

/** Entry of the trainer process: the only one that loads TensorFlow. Its parent asks, one request at a time. */
import { readConfig, trainerConfigSchema } from '../config/config.js';
import { startBackend } from '../training/backend.js';
import { PrefixCache } from '../training/prefix-cache.js';
import type { SharedParts } from '../training/prepare-training.js';
import { TracedFunctions } from '../training/traced-functions.js';
import { featureFileIn } from './feature-file.js';
import { failureOf } from './outcome.js';
import { TrainerInputs } from './trainer-inputs.js';
import { type TrainerMessage, type TrainerRequest, trainerRequestSchema } from './trainer-messages.js';
import { score, train } from './trainer-tasks.js';

const BYTES_PER_MIB = 1024 ** 2;
const config = readConfig(trainerConfigSchema);
const inputs = new TrainerInputs();
let shared: SharedParts | undefined;

process.on('message', (request) => void answer(request));
// The parent is gone, and with it whoever would read a result. Training yields after each step, so this comes through.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole process group; what happens then is the parent's decision.
process.on('SIGINT', () => undefined);

async function answer(raw: unknown): Promise<void> {
  try {
    const request = trainerRequestSchema.parse(raw);
    await startBackend();
    send(await result(request));
  } catch (error) {
    send({ type: 'failed', failure: failureOf(error), rssMib: rssMib() });
  }
}

async function result(request: TrainerRequest): Promise<TrainerMessage> {
  if (request.type === 'score') {
    return { type: 'scored', result: await score(request, inputs), rssMib: rssMib() };
  }
  const onEpoch = (epoch: Extract<TrainerMessage, { type: 'epoch' }>['epoch']) => send({ type: 'epoch', epoch });
  shared ??= sharedParts();
  return { type: 'trained', result: await train(request, { inputs, shared }, onEpoch), rssMib: rssMib() };
}

/** For all trainings of this process; they end with it. */
function sharedParts(): SharedParts {
  const { TRAINER_SPILL_DIR, TRAINER_FEATURE_MEMORY_MIB_MAX, TRAINER_FEATURE_DISK_MIB_MAX } = config;
  const spill = { open: featureFileIn(TRAINER_SPILL_DIR), bytesMax: TRAINER_FEATURE_DISK_MIB_MAX * BYTES_PER_MIB };
  const cache = new PrefixCache({ memoryBytesMax: TRAINER_FEATURE_MEMORY_MIB_MAX * BYTES_PER_MIB, spill });
  return { functions: new TracedFunctions(), cache };
}

function send(message: TrainerMessage): void {
  process.send?.(message);
}

function rssMib(): number {
  return process.memoryUsage.rss() / BYTES_PER_MIB;
}

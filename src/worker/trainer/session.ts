import { readConfig, trainerConfigSchema } from '../../config/config.js';
import { startBackend } from '../../training/device/backend.js';
import { PrefixCache } from '../../training/examples/prefix-cache.js';
import { TracedFunctions } from '../../training/graph/traced-functions.js';
import { featureFileIn } from './feature-file.js';
import { TrainerInputs } from './open-files.js';
import type { ScoreRequest, TrainerAnswer, TrainerMessage, TrainRequest } from '../trainer-protocol.js';
import { score, train, type TrainerParts } from './train-and-score.js';

/** The trainer process as its work sees it. */
export interface TrainerPort {
  readonly send: (message: TrainerMessage) => void;
  /** Memory of the whole process. */
  readonly rssMib: () => number;
}

const BYTES_PER_MIB = 1024 ** 2;

let parts: TrainerParts | undefined;
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
  parts ??= trainerParts(send);
  if (request.type === 'score') {
    return { type: 'scored', ...(await score(request, parts.inputs)), rssMib: rssMib() };
  }
  const result = await train(request, parts, (epoch) => send({ type: 'epoch', epoch }));
  return { type: 'trained', result, rssMib: rssMib() };
}

/** For all work of this process; they end with it. */
function trainerParts(send: TrainerPort['send']): TrainerParts {
  const config = readConfig(trainerConfigSchema);
  const spill = {
    open: featureFileIn(config.TRAINER_STATE_DIR),
    bytesMax: config.TRAINER_FEATURE_DISK_MIB_MAX * BYTES_PER_MIB,
  };
  const cache = new PrefixCache({ memoryBytesMax: config.TRAINER_FEATURE_MEMORY_MIB_MAX * BYTES_PER_MIB, spill });
  return {
    inputs: new TrainerInputs(),
    shared: { functions: new TracedFunctions(), cache },
    checkpoints: {
      folder: config.TRAINER_STATE_DIR,
      intervalSeconds: config.TRAINER_CHECKPOINT_SECONDS,
      onSkipped: ({ message }) => send({ type: 'checkpointSkipped', message }),
    },
  };
}

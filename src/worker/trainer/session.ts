import { readConfig, trainerConfigSchema } from '../../config/config.js';
import { startBackend } from '../../training/device/backend.js';
import { PrefixCache } from '../../training/examples/prefix-cache.js';
import { TracedFunctions } from '../../training/graph/traced-functions.js';
import { SharedHeads } from '../../training/loop/shared-heads.js';
import type { ScoreRequest, SoupRequest, TrainerAnswer, TrainerMessage, TrainRequest } from '../trainer-protocol.js';
import { featureFileIn } from './feature-file.js';
import { makeSoup } from './make-soup.js';
import { OpenFiles } from './open-files.js';
import { score, train, type TrainerParts } from './train-and-score.js';

/** The trainer process as its work sees it. */
export interface TrainerPort {
  readonly send: (message: TrainerMessage) => void;
  /** Memory of the whole process. */
  readonly rssMib: () => number;
}

const BYTES_PER_MIB = 1024 ** 2;

/** All work of one trainer process, which shares open files, features, heads and compiled functions; they end with the process. */
export class TrainerSession {
  private constructor(
    private readonly port: TrainerPort,
    private readonly parts: TrainerParts,
  ) {}

  /** Starts TensorFlow, and reports how it is set up. @throws {DomainError} GPU_UNAVAILABLE. */
  static async start(port: TrainerPort): Promise<TrainerSession> {
    const runtime = await startBackend();
    port.send({ type: 'started', ...runtime });
    return new TrainerSession(port, trainerParts(port));
  }

  /** Trains, scores or makes a soup. */
  async fulfil(request: TrainRequest | ScoreRequest | SoupRequest): Promise<TrainerAnswer> {
    const { send, rssMib } = this.port;
    if (request.type === 'score') {
      return { type: 'scored', ...(await score(request, this.parts.files)), rssMib: rssMib() };
    }
    if (request.type === 'soup') {
      const made = await makeSoup(request, this.parts, (tried) => send({ type: 'soupTried', tried }));
      return { type: 'soupMade', ...made, rssMib: rssMib() };
    }
    const trained = await train(request, this.parts, (epoch) => send({ type: 'epoch', epoch }));
    return { type: 'trained', ...trained, rssMib: rssMib() };
  }
}

function trainerParts({ send }: TrainerPort): TrainerParts {
  const config = readConfig(trainerConfigSchema);
  const spill = {
    open: featureFileIn(config.TRAINER_STATE_DIR),
    bytesMax: config.TRAINER_FEATURE_DISK_MIB_MAX * BYTES_PER_MIB,
  };
  const cache = new PrefixCache({ memoryBytesMax: config.TRAINER_FEATURE_MEMORY_MIB_MAX * BYTES_PER_MIB, spill });
  return {
    files: new OpenFiles(),
    shared: { functions: new TracedFunctions(), cache, heads: new SharedHeads() },
    checkpoints: {
      folder: config.TRAINER_STATE_DIR,
      intervalSeconds: config.TRAINER_CHECKPOINT_SECONDS,
      onSkipped: ({ message }) => send({ type: 'checkpointSkipped', message }),
    },
  };
}

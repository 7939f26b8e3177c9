import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { DomainError } from '../../domain/errors.js';
import type { SoupTry } from '../../domain/task.js';
import type { Logger } from '../../observability/logger.js';
import { TRAINER_ENTRY, trainerEnvironment, type TrainerEnvironmentSettings } from './trainer-environment.js';
import {
  type EpochReport,
  type LastMessage,
  type StartReport,
  type TrainerAnswer,
  trainerMessageSchema,
  type TrainerRequest,
} from '../trainer-protocol.js';

export interface TrainerChildSettings extends TrainerEnvironmentSettings {
  readonly logger: Logger;
}

export interface TrainerCall {
  readonly onEpoch: (epoch: EpochReport) => void;
  /** Ends the trainer: it cannot be interrupted in any other way. */
  readonly signal: AbortSignal;
}

const STOP_GRACE_MS = 5_000;

/** The child process that runs TensorFlow: started when first needed, one request at a time, replaced when it died. */
export class TrainerChild {
  private child: ChildProcess | undefined;

  constructor(private readonly settings: TrainerChildSettings) {}

  /**
   * Trains, scores or makes a soup.
   *
   * @throws {DomainError} as the trainer threw it; TRAINER_CRASHED when the process ended or hung; the signal's reason when
   *   it fired, and then the process is gone already.
   */
  async run(request: TrainerRequest, { onEpoch, signal }: TrainerCall): Promise<TrainerAnswer> {
    signal.throwIfAborted();
    const child = (this.child ??= this.start());
    const stop = () => void this.end(child, signal.reason === 'LEASE_LOST' ? 'SIGKILL' : 'SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    try {
      const message = await this.answer(child, request, onEpoch);
      if (message.rssMib > this.settings.trainers.TRAINER_RSS_MIB_MAX) await this.retire(child, message.rssMib);
      if (message.type !== 'failed') return message;
      throw DomainError.from(message.failure);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the process, if there is one; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.child !== undefined) await this.end(this.child, 'SIGTERM');
  }

  /** Kills the process at once, for when this one ends. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  private start(): ChildProcess {
    const { threadCount, logger } = this.settings;
    const env = trainerEnvironment(this.settings);
    const options: ForkOptions = { serialization: 'advanced', execArgv: [], stdio: ['ignore', 2, 2, 'ipc'], env };
    const child = fork(TRAINER_ENTRY, [], options);
    const forget = () => {
      if (this.child === child) this.child = undefined;
    };
    child.once('exit', (code, signal) => {
      logger.info({ pid: child.pid, code, signal }, 'trainer ended');
      forget();
    });
    child.on('error', (error) => {
      logger.error({ pid: child.pid, err: error }, 'trainer failed');
      forget();
    });
    logger.info({ pid: child.pid, threadCount }, 'trainer started');
    return child;
  }

  /** Waits for the answer as long as the process shows that it is alive. */
  private async answer(
    child: ChildProcess,
    request: TrainerRequest,
    onEpoch: TrainerCall['onEpoch'],
  ): Promise<LastMessage> {
    const { TRAINER_SILENCE_SECONDS_MAX: silenceSecondsMax } = this.settings.trainers;
    const hung = new AbortController();
    const watch = setTimeout(() => hung.abort(), silenceSecondsMax * 1000);
    const end = () => child.kill('SIGKILL');
    hung.signal.addEventListener('abort', end, { once: true });
    const stillAlive = () => watch.refresh();
    child.on('message', stillAlive);
    try {
      return await answerOf(child, request, {
        onEpoch,
        onStart: (start) => this.noteStart(child, start),
        onCheckpointSkipped: (reason) => this.settings.logger.warn({ pid: child.pid, reason }, 'checkpoint skipped'),
        onSoupTry: (tried) => this.settings.logger.info({ pid: child.pid, ...tried }, 'soup member tried'),
      });
    } catch (error) {
      throw hung.signal.aborted ? silent(silenceSecondsMax) : error;
    } finally {
      clearTimeout(watch);
      child.off('message', stillAlive);
    }
  }

  private noteStart({ pid }: ChildProcess, { type: _type, ...runtime }: StartReport): void {
    const { logger } = this.settings;
    logger.info({ pid, ...runtime }, 'TensorFlow started');
    if (runtime.execution === 'EAGER') logger.warn({ pid }, 'TensorFlow addon without our patch: trainings are slower');
  }

  private async retire(child: ChildProcess, rssMib: number): Promise<void> {
    this.settings.logger.info({ pid: child.pid, rssMib }, 'trainer has grown too large');
    await this.end(child, 'SIGTERM');
  }

  private async end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await exited;
    clearTimeout(kill);
  }
}

/** What is done with messages on the way. */
interface Listeners {
  readonly onStart: (start: StartReport) => void;
  readonly onEpoch: (epoch: EpochReport) => void;
  readonly onCheckpointSkipped: (reason: string) => void;
  readonly onSoupTry: (tried: SoupTry) => void;
}

/** Sends a request and waits for the message that ends it. */
function answerOf(child: ChildProcess, request: TrainerRequest, listeners: Listeners): Promise<LastMessage> {
  const over = new AbortController();
  return new Promise<LastMessage>((resolve, reject) => {
    const { signal } = over;
    const onMessage = (raw: unknown) => {
      const read = trainerMessageSchema.safeParse(raw);
      if (!read.success) reject(read.error);
      else if (read.data.type === 'started') listeners.onStart(read.data);
      else if (read.data.type === 'epoch') listeners.onEpoch(read.data.epoch);
      else if (read.data.type === 'checkpointSkipped') listeners.onCheckpointSkipped(read.data.message);
      else if (read.data.type === 'soupTried') listeners.onSoupTry(read.data.tried);
      else resolve(read.data);
    };
    const onExit = (code: number | null, killedBy: string | null) => reject(crashed(code, killedBy));
    child.on('message', onMessage).once('exit', onExit).once('error', reject);
    signal.addEventListener('abort', () => {
      child.off('message', onMessage).off('exit', onExit).off('error', reject);
    });
    // When this fails the process is ending, which 'exit' reports; what cannot be serialized throws.
    child.send(request, () => undefined);
  }).finally(() => over.abort());
}

const silent = (silenceSecondsMax: number): DomainError =>
  new DomainError(
    'TRAINER_CRASHED',
    `the trainer process said nothing for ${silenceSecondsMax} s, the bound of TRAINER_SILENCE_SECONDS_MAX, and was ended`,
    { silenceSecondsMax: String(silenceSecondsMax) },
  );

function crashed(code: number | null, signal: string | null): DomainError {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return new DomainError('TRAINER_CRASHED', `the trainer process ended ${how}`, {
    ...(code !== null && { exitCode: String(code) }),
    ...(signal !== null && { signal }),
  });
}

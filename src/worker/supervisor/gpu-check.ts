import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { trainersConfigSchema } from '../../config/config.js';
import { DomainError } from '../../domain/errors.js';
import { TRAINER_ENTRY, trainerEnvironment } from './trainer-environment.js';
import { type TrainerMessage, trainerMessageSchema } from '../trainer-protocol.js';

/** Starting TensorFlow on a GPU takes seconds; a GPU in trouble can keep it forever. */
const CHECK_SECONDS_MAX = 300;
/** The driver writes it when it is loaded. */
const DRIVER_VERSION = '/proc/driver/nvidia/version';

/**
 * Starts TensorFlow on the GPU in a process of its own, and ends it.
 *
 * @param systemEnvironment What a trainer gets of this machine's environment.
 * @throws {DomainError} GPU_UNAVAILABLE with the reason, in TensorFlow's words where it gave one.
 */
export async function checkGpu(systemEnvironment: NodeJS.ProcessEnv): Promise<void> {
  const trainers = trainersConfigSchema.parse({ TENSORFLOW_DEVICE: 'GPU' });
  const settings = trainerEnvironment({ threadCount: 1, trainers, stateDir: tmpdir(), systemEnvironment });
  // All that TensorFlow logs is read here: why it found no GPU stands nowhere else.
  const env = { ...settings, TF_CPP_MIN_LOG_LEVEL: '0' };
  const child = fork(TRAINER_ENTRY, [], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env,
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const closed = new Promise((resolve) => child.once('close', resolve));
  const answer = await firstMessage(child);
  child.kill('SIGKILL');
  await closed;
  const problem = typeof answer === 'string' ? answer : problemWith(trainerMessageSchema.parse(answer));
  if (problem === undefined) return;
  const said = warnings(log);
  const driver = existsSync(DRIVER_VERSION) ? [] : [`No NVIDIA driver is loaded (there is no ${DRIVER_VERSION}).`];
  const words = said.length === 0 ? [] : [`TensorFlow says: ${said.join('; ')}`];
  throw new DomainError('GPU_UNAVAILABLE', [problem, ...driver, ...words].join('\n'), {
    tensorflowSays: said.join('\n'),
  });
}

/** @returns the message that a new trainer sends first; what happened, as text, when it ends or hangs instead. */
function firstMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => {
    const tooLate = () => resolve(`TensorFlow had not started on the GPU after ${CHECK_SECONDS_MAX} s.`);
    const timer = setTimeout(tooLate, CHECK_SECONDS_MAX * 1000);
    const settle = (answer: unknown) => {
      clearTimeout(timer);
      resolve(answer);
    };
    child.once('message', settle);
    child.once('exit', (code, signal) => settle(`TensorFlow ended its process (${signal ?? `exit code ${code}`}).`));
    child.once('error', (error) => settle(`The process for TensorFlow could not be started: ${error.message}.`));
    child.send({ type: 'check' }, () => undefined);
  });
}

function problemWith(answer: TrainerMessage): string | undefined {
  return answer.type === 'failed' ? answer.failure.message : undefined;
}

/**
 * Finds the text of errors and warnings in `2026-11-24 15:09:00.4: E some/file.cc:51] text` and in the other form of
 * such a line.
 */
const LOG_LINE = /^(?:\S+ \S+: [EWF]|[EWF]\d{4} \S+ +\d+) \S+:\d+\] (.*)$/gm;
/** What every start logs: two of TensorFlow's libraries hold the same code. */
const IS_ALWAYS_LOGGED = /^Unable to register \w+ factory|^computation placer already registered/;

function warnings(log: string): string[] {
  const texts = [...log.matchAll(LOG_LINE)].map(([, text = '']) => text.trim());
  return [...new Set(texts)].filter((text) => !IS_ALWAYS_LOGGED.test(text));
}

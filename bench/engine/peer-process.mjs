import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SetupError } from '../../scripts/setup/run-command.mjs';
import { PEER_ENVIRONMENT } from './settings.mjs';

const STDERR_LINE_COUNT_SHOWN = 15;

/**
 * Something that trains networks, in processes of its own.
 *
 * @typedef {object} Peer
 * @property {string} id
 * @property {string} program
 * @property {(settings: import('./settings.mjs').PeerSettings) => string[]} args
 *
 * What it says of itself once it has built its network; `unavailable`, a reason, comes alone.
 * @typedef {{ unavailable?: string, version: string, parameterCount: number, trainedParameterCount: number }} Introduction
 *
 * @typedef {object} PeerProcess
 * @property {Peer} peer
 * @property {Introduction} introduction
 * @property {() => Promise<number>} step Does one step; gives its seconds as the process has measured them.
 * @property {() => number} peakMemoryMib The most that the process has had in memory so far.
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a peer and waits until it has built its network. The conversation is one line of JSON a time: it introduces
 * itself, then answers each line with `{ seconds, value }` of one step. Lines that are no JSON object are left alone.
 *
 * @param {Peer} peer
 * @param {import('./settings.mjs').PeerSettings} settings
 * @returns {Promise<PeerProcess>}
 */
export async function startPeer(peer, settings) {
  const child = spawn(peer.program, peer.args(settings), {
    env: { ...process.env, ...PEER_ENVIRONMENT },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  child.stdin.on('error', () => undefined); // The end of the answers tells.
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    for (;;) {
      const { value: line, done } = await answers.next();
      if (done)
        throw new SetupError(`${peer.id}, ${settings.network}, ${settings.work}: ${await exited}\n${tail(stderr)}`);
      if (line.startsWith('{')) return JSON.parse(line);
    }
  };
  return {
    peer,
    introduction: await answer(),
    step: async () => {
      child.stdin.write('step\n');
      const { seconds, value } = await answer();
      if (!Number.isFinite(value)) throw new SetupError(`${peer.id}, ${settings.network}: a step gave ${value}`);
      return seconds;
    },
    peakMemoryMib: () => {
      const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      return Number(kibibytes) / 1024;
    },
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** @param {string} text */
function tail(text) {
  return text.trimEnd().split('\n').slice(-STDERR_LINE_COUNT_SHOWN).join('\n');
}

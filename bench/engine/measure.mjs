import { CACHE_PEERS } from './peers.mjs';
import { startPeer } from './peer-process.mjs';
import { WARM_UP_STEP_COUNT, peerSettings } from './settings.mjs';

/** A process or a start takes as long as some steps, so that many samples of steps buy one of those. */
const STEPS_PER_PROCESS = 5;

/**
 * How our engine compares with one peer.
 *
 * @typedef {object} Comparison
 * @property {string} network
 * @property {string} mode One of MODES.
 * @property {string} peer
 * @property {{ ours: number, peer: number }[]} samples Seconds or MiB of both, a pair for each round of all peers.
 *
 * What was measured of one peer, in rounds: seconds or MiB.
 * @typedef {{ id: string, values: number[] }} Series
 */

/** How each mode of MODES is measured. */
const MEASURES = {
  full: (...args) => measureSteps('full', ...args),
  head: (...args) => measureSteps('head', ...args),
  inference: (...args) => measureSteps('inference', ...args),
  cache: (network, _peers, ...args) => measureSteps('half', network, CACHE_PEERS, ...args),
  memory: (...args) => measureProcesses(memoryAfterSteps, ...args),
  startup: (...args) => measureProcesses(secondsToFirstStep, ...args),
};

/**
 * Compares every peer with the first one that is available.
 *
 * @param {string} network
 * @param {keyof typeof MEASURES} mode
 * @param {readonly import('./peer-process.mjs').Peer[]} peers
 * @param {number} sampleCount
 * @returns {Promise<Comparison[]>}
 */
export async function compare(network, mode, peers, sampleCount) {
  console.log(`… ${network}, ${mode}`);
  const [ours, ...others] = await MEASURES[mode](network, peers, sampleCount);
  const text = (value) => (mode === 'memory' ? `${value.toFixed(0)} MiB` : `${(value * 1000).toFixed(0)} ms`);
  for (const { id, values } of [ours, ...others]) {
    const [lower, middle, upper] = [0.25, 0.5, 0.75].map((share) => text(quantile(values, share)));
    console.log(`    ${id}: ${middle} (half of all between ${lower} and ${upper})`);
  }
  return others.map(({ id, values }) => {
    const samples = values.map((value, round) => ({ ours: rounded(ours.values[round]), peer: rounded(value) }));
    return { network, mode, peer: id, samples };
  });
}

/** The median of the peer's time (or memory) over ours: above 1, ours is faster (or smaller). @param {Comparison} comparison */
export function ratioOf({ samples }) {
  const ratios = samples.map(({ ours, peer }) => peer / ours);
  return quantile(ratios, 0.5);
}

/** Ten microseconds, or a hundredth of a MiB, are far below what repeats. */
const rounded = (value) => Number(value.toFixed(value < 100 ? 5 : 2));

/**
 * All processes live at once and take turns, step by step, so that other work on the machine meets all of them; who is
 * first changes every round.
 *
 * @returns {Promise<Series[]>}
 */
async function measureSteps(work, network, peers, sampleCount) {
  const running = await startComparable(network, work, peers);
  for (const { step } of running) for (let count = 0; count < WARM_UP_STEP_COUNT; count++) await step();
  const series = running.map(({ peer }) => ({ id: peer.id, values: [] }));
  for (let round = 0; round < sampleCount; round++) {
    for (let turn = 0; turn < running.length; turn++) {
      const index = (round + turn) % running.length;
      series[index].values.push(await running[index].step());
    }
  }
  await Promise.all(running.map(({ stop }) => stop()));
  return series;
}

/**
 * One process at a time, new for every value.
 *
 * @returns {Promise<Series[]>}
 */
async function measureProcesses(valueOf, network, peers, sampleCount) {
  const comparable = await startComparable(network, 'full', peers);
  await Promise.all(comparable.map(({ stop }) => stop()));
  const series = comparable.map(({ peer }) => ({ id: peer.id, values: [] }));
  for (let round = 0; round < Math.ceil(sampleCount / STEPS_PER_PROCESS); round++) {
    for (const [index, { peer }] of comparable.entries()) {
      series[index].values.push(await valueOf(peer, peerSettings(network, 'full')));
    }
  }
  return series;
}

async function memoryAfterSteps(peer, settings) {
  const { step, peakMemoryMib, stop } = await startPeer(peer, settings);
  for (let count = 0; count < STEPS_PER_PROCESS; count++) await step();
  const peak = peakMemoryMib();
  await stop();
  return peak;
}

async function secondsToFirstStep(peer, settings) {
  const startMs = performance.now();
  const { step, stop } = await startPeer(peer, settings);
  await step();
  const seconds = (performance.now() - startMs) / 1000;
  await stop();
  return seconds;
}

/** Starts those peers that do the same work as the first that is available; prints a line on each of the others. */
async function startComparable(network, work, peers) {
  const comparable = [];
  for (const peer of peers) {
    const started = await startPeer(peer, peerSettings(network, work));
    const objection = objectionTo(started.introduction, comparable[0]?.introduction);
    if (objection === undefined) {
      comparable.push(started);
    } else {
      console.log(`    ${peer.id}: left out, ${objection}`);
      await started.stop();
    }
  }
  return comparable;
}

/** @returns {string | undefined} why a peer cannot be compared with the one that says `expected`. */
function objectionTo(introduction, expected = introduction) {
  if (introduction.unavailable !== undefined) return introduction.unavailable;
  return ['parameterCount', 'trainedParameterCount']
    .filter((key) => introduction[key] !== expected[key])
    .map((key) => `its ${key} is ${introduction[key]}, ours is ${expected[key]}`)[0];
}

function quantile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];
}

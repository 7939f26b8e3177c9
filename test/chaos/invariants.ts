import type { Evidence, TaskVersion, TrialRow } from './evidence.js';

export type InvariantId = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7';

/** A promise of the service that did not hold, with what shows it. */
export interface Violation {
  readonly invariant: InvariantId;
  readonly evidence: string;
}

export interface Judgement {
  /** The job that nothing disturbed: what every other must equal. */
  readonly referenceJobId: string;
  /** A cancelled job may hold a lease for so long. */
  readonly cancelSecondsMax: number;
}

type Check = (evidence: Evidence, judgement: Judgement) => readonly string[];

const ENDED = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

/** A lease that is given at the very moment of a cancellation may be seen this much later. */
const CANCEL_RACE_SECONDS = 2;

/** What a genome itself can be to blame for in these jobs. */
const GENOME_REASONS = new Set(['NAN_LOSS', 'NO_BLOCK_SELECTED']);

const CHECKS: Readonly<Record<InvariantId, Check>> = {
  I1: nothingAcceptedIsLost,
  I2: oneResultPerEvaluation,
  I3: sameSeedSameGenomes,
  I4: noFitnessIsInvented,
  I5: referencedBytesAreWhole,
  I6: eventsAreGapless,
  I7: cancelledJobsStop,
};

/** Judges a run by all of the service's promises. */
export function violations(evidence: Evidence, judgement: Judgement): Violation[] {
  const ids = Object.keys(CHECKS) as InvariantId[];
  return ids.flatMap((invariant) =>
    CHECKS[invariant](evidence, judgement).map((found) => ({ invariant, evidence: found })),
  );
}

/** An answered job is there, is one, and has ended; well, unless a caller wanted its end. */
function nothingAcceptedIsLost({ answers, jobs }: Evidence): string[] {
  const jobOf = new Map(jobs.map((job) => [job.id, job]));
  const idOf = new Map<string, string>();
  const found = answers.flatMap(({ key, jobId }) => {
    const first = idOf.get(key) ?? jobId;
    idOf.set(key, first);
    const twice = first === jobId ? [] : [`${key} was answered with ${first} and with ${jobId}`];
    return jobOf.has(jobId) ? twice : [...twice, `${jobId} of ${key} was answered with 201 and is not there`];
  });
  for (const { id, state, error, isCancelAsked } of jobs) {
    if (!ENDED.has(state)) found.push(`${id} is still ${state}`);
    else if (state === 'FAILED' || (state === 'CANCELLED' && !isCancelAsked)) {
      found.push(`${id} is ${state}, which nobody asked for: ${error?.reason ?? 'no reason'}: ${error?.message ?? ''}`);
    }
  }
  return found;
}

/** Once succeeded, a task stays as it is; fences only grow, and no two tasks share one. */
function oneResultPerEvaluation({ taskVersions }: Evidence): string[] {
  const found: string[] = [];
  const taskOfFence = new Map<number, string>();
  for (const [id, versions] of byTask(taskVersions)) {
    const done = versions.find(({ state }) => state === 'succeeded');
    const after = done === undefined ? [] : versions.slice(versions.indexOf(done) + 1);
    for (const { state, fence, resultDigest } of after) {
      if (state !== 'succeeded' || fence !== done?.fence || resultDigest !== done.resultDigest) {
        found.push(`${id} had succeeded under fence ${done?.fence}, and was ${state} under fence ${fence} later`);
      }
    }
    versions.forEach(({ fence }, index) => {
      const before = versions[index - 1]?.fence ?? 0;
      if (fence < before) found.push(`${id} went from fence ${before} back to ${fence}`);
      const holder = fence === 0 ? id : (taskOfFence.get(fence) ?? id);
      taskOfFence.set(fence, holder);
      if (holder !== id) found.push(`fence ${fence} was given to ${holder} and to ${id}`);
    });
  }
  const ofPlace = new Map<string, string>();
  for (const { id, scope, key } of taskVersions) {
    const place = `${scope} ${key}`;
    const holder = ofPlace.get(place) ?? id;
    ofPlace.set(place, holder);
    if (holder !== id) found.push(`${place} is two tasks, ${holder} and ${id}`);
  }
  return [...new Set(found)];
}

/** Genomes and fitness are those of the undisturbed job, bit for bit, as far as a job has come. */
function sameSeedSameGenomes({ jobs, trials }: Evidence, { referenceJobId }: Judgement): string[] {
  const reference = new Map(trialsOf(trials, referenceJobId).map((trial) => [trial.place, trial]));
  if (reference.size === 0) return [`the reference job ${referenceJobId} has no trials: nothing can be compared`];
  return jobs.flatMap(({ id, state }) => {
    const mine = trialsOf(trials, id);
    const places = new Set(mine.map(({ place }) => place));
    const missing = state === 'SUCCEEDED' ? [...reference.keys()].filter((place) => !places.has(place)) : [];
    return [
      ...missing.map((place) => `${id} has no trial ${place}, and the undisturbed job has one`),
      ...mine.flatMap((trial) => differences(trial, reference.get(trial.place)).map((what) => `${id} ${what}`)),
    ];
  });
}

function differences(trial: TrialRow, reference: TrialRow | undefined): string[] {
  const { place, fitness } = trial;
  if (reference === undefined) return [`has a trial ${place} that the undisturbed job has not`];
  const genome = ({ genes, threshold, lrMultipliers }: TrialRow) => JSON.stringify({ genes, threshold, lrMultipliers });
  const found: string[] = [];
  if (genome(trial) !== genome(reference)) {
    found.push(`${place} has genome ${genome(trial)}, undisturbed it is ${genome(reference)}`);
  }
  if (fitness !== null && !Object.is(fitness, reference.fitness)) {
    found.push(`${place} has fitness ${fitness}, undisturbed it is ${reference.fitness}`);
  }
  return found;
}

/** A fitness is what its trainings gave; only a genome's own faults make it the worst there is. */
function noFitnessIsInvented({ trials, trainings }: Evidence): string[] {
  const trialOf = new Map(trials.map((trial) => [trial.id, trial]));
  return trials.flatMap((trial) => {
    const { id, jobId, place, state, fitness, infeasibleReason, reusedTrialId } = trial;
    const name = `${jobId} ${place}`;
    if (state === 'INFEASIBLE' && !GENOME_REASONS.has(infeasibleReason ?? '')) {
      return [`${name} is INFEASIBLE for ${infeasibleReason}`];
    }
    if (fitness === null || state === 'INFEASIBLE') return [];
    if (reusedTrialId !== null) {
      const reused = trialOf.get(reusedTrialId)?.fitness;
      return Object.is(reused, fitness) ? [] : [`${name} has fitness ${fitness}, the trial that it repeats ${reused}`];
    }
    const mine = trainings.filter(({ trialId }) => trialId === id);
    const figures = mine.flatMap(({ state: ended, figure }) =>
      ended === 'succeeded' && figure !== null ? [figure] : [],
    );
    if (figures.length === 0 || figures.length < mine.length) {
      return [`${name} has fitness ${fitness}, and ${figures.length} of its ${mine.length} trainings succeeded`];
    }
    const expected = 1 - figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
    return Object.is(expected, fitness) ? [] : [`${name} has fitness ${fitness}, its trainings gave ${expected}`];
  });
}

function referencedBytesAreWhole({ blobs }: Evidence): string[] {
  return blobs
    .filter(({ sha256, foundSha256 }) => sha256 !== foundSha256)
    .map(
      ({ name, sha256, foundSha256 }) => `${name} must have SHA-256 ${sha256}, and has ${foundSha256 ?? 'no bytes'}`,
    );
}

/** Numbers 1, 2, 3 … as rows and as delivered. */
function eventsAreGapless({ events }: Evidence): string[] {
  const isGapless = (seqs: readonly number[]) => seqs.length > 0 && seqs.every((seq, index) => seq === index + 1);
  return events.flatMap(({ jobId, stored, delivered }) => [
    ...(isGapless(stored) ? [] : [`${jobId} has stored events ${stored.join(' ')}`]),
    ...(isGapless(delivered) && delivered.length === stored.length
      ? []
      : [`${jobId} has ${stored.length} events, delivered were ${delivered.join(' ')}`]),
  ]);
}

/** No lease is given after a cancellation, and none is held for long. */
function cancelledJobsStop({ taskVersions }: Evidence, { cancelSecondsMax }: Judgement): string[] {
  return [...byTask(taskVersions)].flatMap(([id, versions]) => {
    const cancelled = versions.filter(({ cancelledSeconds }) => cancelledSeconds !== null);
    const [first] = cancelled;
    const leased = cancelled.find(
      ({ claims, cancelledSeconds }) => claims > (first?.claims ?? 0) && (cancelledSeconds ?? 0) > CANCEL_RACE_SECONDS,
    );
    const held = cancelled.find(({ isHeld, cancelledSeconds }) => isHeld && (cancelledSeconds ?? 0) > cancelSecondsMax);
    const name = `${id} of the cancelled job ${first?.scope}`;
    return [
      ...(leased === undefined ? [] : [`${name} was leased again, under fence ${leased.fence}`]),
      ...(held === undefined ? [] : [`${name} was held ${held.cancelledSeconds} s after the cancellation`]),
    ];
  });
}

const trialsOf = (trials: readonly TrialRow[], id: string) => trials.filter(({ jobId }) => jobId === id);

function byTask(versions: readonly TaskVersion[]): Map<string, TaskVersion[]> {
  const tasks = new Map<string, TaskVersion[]>();
  for (const version of versions) {
    const mine = tasks.get(version.id);
    if (mine === undefined) tasks.set(version.id, [version]);
    else mine.push(version);
  }
  return tasks;
}

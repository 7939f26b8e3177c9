import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trialCount } from '../methods/generation-size.js';
import { type AcceleratedConfig, planAccelerated } from './accelerated/accelerated.js';
import type { Candidate } from './accelerated/candidate.js';
import { type EvaluatedTrial, type PlannedTrial, type SearchConfig, ALGORITHM_VERSION, plan } from './biotune.js';
import type { Tried } from './accelerated/race.js';
import type { Planned } from './replay.js';

/** What write.mjs beside the files wrote. */
interface GoldenHistory {
  readonly algorithmVersion: number;
  readonly config: SearchConfig;
  readonly rows: readonly (PlannedTrial & EvaluatedTrial)[];
}

// A failure here means that jobs in flight cannot be resumed: raise ALGORITHM_VERSION, then run the script named in the files.
describe.each([
  ['SEQUENTIAL', 'paper-sequential'],
  ['BATCH_SYNC', 'paper-batch-sync'],
  ['a seed of 53 bits, 14 blocks, one fold', 'large-seed-one-fold'],
  ['constraints and given genomes, SEQUENTIAL', 'constrained-sequential'],
  ['constraints and given genomes, BATCH_SYNC', 'constrained-batch-sync'],
  ['CODE_COMPAT with a block that always trains, SEQUENTIAL', 'code-compat-sequential'],
  ['CODE_COMPAT with a block that always trains, BATCH_SYNC', 'code-compat-batch-sync'],
])('the golden history of %s', (_, name) => {
  const history = JSON.parse(readFileSync(`test/fixtures/search-histories/${name}.json`, 'utf8')) as GoldenHistory;
  const { config } = history;

  it('is of this version of the algorithm, and whole', () => {
    expect(history.algorithmVersion).toBe(ALGORITHM_VERSION);
    expect(history.rows).toHaveLength(trialCount({ ...config, mode: 'PAPER' }));
  });

  it('is planned again, row by row, with origin and fold', () => {
    let known = 0;
    for (let next = plan(config, []); next.kind === 'EVALUATE'; next = plan(config, history.rows.slice(0, known))) {
      const recorded = history.rows.slice(known, known + next.trials.length);
      expect(next.trials).toEqual(recorded.map(({ fitness: _fitness, ...trial }) => trial));
      known += next.trials.length;
    }
    expect(known).toBe(history.rows.length);
  });

  it('ends with its best row', () => {
    const lowest = Math.min(...history.rows.map(({ fitness }) => fitness));
    expect(plan(config, history.rows)).toMatchObject({ kind: 'DONE', best: { fitness: lowest } });
  });
});

interface AcceleratedHistory {
  readonly algorithmVersion: number;
  readonly config: AcceleratedConfig;
  /** What was asked for, one after the other, with what each had come to. */
  readonly rows: readonly (Planned<Candidate> & Tried)[];
}

/** What is known of each trial after some rows: its latest. */
const knownAfter = (rows: readonly Tried[]): Tried[] => [
  ...new Map(rows.map((row) => [`${row.generation}/${row.slot}`, row])).values(),
];

describe.each([
  ['an accelerated search', 'accelerated'],
  ['an accelerated search with constraints and a given candidate', 'accelerated-constrained'],
  ['an accelerated search without anchors and surrogate', 'accelerated-plain'],
  ['an accelerated search with two rungs', 'accelerated-rungs'],
  ['an accelerated search that leaves every setting open', 'accelerated-settings'],
  ['an accelerated search with blocks whose norms and biases alone train', 'accelerated-norm-state'],
  ['an accelerated search with the pick of the gradients', 'accelerated-gradient-pick'],
])('the golden history of %s', (_, name) => {
  const history = JSON.parse(readFileSync(`test/fixtures/search-histories/${name}.json`, 'utf8')) as AcceleratedHistory;
  const { config, rows } = history;

  it('is of this version of the algorithm, whole, and planned again row by row', () => {
    expect(history.algorithmVersion).toBe(ALGORITHM_VERSION);
    expect(knownAfter(rows)).toHaveLength(trialCount({ ...config, mode: 'ACCELERATED' }));
    let known = 0;
    for (;;) {
      const next = planAccelerated(config, knownAfter(rows.slice(0, known)));
      if (next.kind === 'DONE') break;
      const recorded = rows.slice(known, known + next.trials.length);
      expect(next.trials).toEqual(recorded.map(({ losses: _losses, fitness: _fitness, ...trial }) => trial));
      known += next.trials.length;
    }
    expect(known).toBe(rows.length);
  });
});

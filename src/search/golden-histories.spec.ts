import { describe, expect, it } from 'vitest';
import batchSync from '../../test/fixtures/search-histories/paper-batch-sync.json' with { type: 'json' };
import largeSeed from '../../test/fixtures/search-histories/large-seed-one-fold.json' with { type: 'json' };
import sequential from '../../test/fixtures/search-histories/paper-sequential.json' with { type: 'json' };
import type { SearchConfig } from './biotune.js';
import { ALGORITHM_VERSION, plan, trialCount } from './biotune.js';

const configOf = (history: typeof sequential): SearchConfig => ({
  ...history.config,
  reproduction: history.config.reproduction === 'SEQUENTIAL' ? 'SEQUENTIAL' : 'BATCH_SYNC',
});

// A failure here means that jobs in flight cannot be resumed: raise ALGORITHM_VERSION, then run the script named in the files.
describe.each([
  ['SEQUENTIAL', sequential],
  ['BATCH_SYNC', batchSync],
  ['a seed of 53 bits, 14 blocks, one fold', largeSeed],
])('the golden history of %s', (_, history) => {
  const config = configOf(history);

  it('is of this version of the algorithm, and whole', () => {
    expect(history.algorithmVersion).toBe(ALGORITHM_VERSION);
    expect(history.rows).toHaveLength(trialCount(config));
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

import { expect, it } from 'vitest';
import { withComparisons } from './files.mjs';

const run = (command) => ({ command });
const comparison = (network, ours) => ({ network, mode: 'full', peer: 'torch', samples: [{ ours, peer: 2 }] });

it('replaces what was known of the same network and mode, and forgets runs that nothing is left of', () => {
  const first = withComparisons({ runs: [], comparisons: [] }, run('one'), [comparison('a', 1), comparison('b', 1)]);
  const second = withComparisons(first, run('two'), [comparison('b', 3)]);
  expect(second).toEqual({
    runs: [run('one'), run('two')],
    comparisons: [
      { ...comparison('a', 1), run: 0 },
      { ...comparison('b', 3), run: 1 },
    ],
  });
  expect(withComparisons(second, run('two'), [comparison('a', 4)])).toEqual({
    runs: [run('two')],
    comparisons: [
      { ...comparison('b', 3), run: 0 },
      { ...comparison('a', 4), run: 0 },
    ],
  });
});

import { expect, it } from 'vitest';
import { commandOf, withRun } from './run.mjs';

it.each([
  [[], 'npm run bench:accelerated'],
  [['--data-dir', '/a/b'], 'npm run bench:accelerated'],
  [
    ['--arms', 'SOUP', '--results-dir=/a', '--data-dir', '/b', '--minutes', '9'],
    'npm run bench:accelerated -- --arms SOUP --minutes 9',
  ],
])('the command of %j names no folder', (args, command) => {
  expect(commandOf('bench:accelerated', args)).toBe(command);
});

it('lists a run once', () => {
  const [first, second] = [{ command: 'a' }, { command: 'b' }];
  expect(withRun([first], { ...first })).toEqual({ runs: [first], index: 0 });
  expect(withRun([first], second)).toEqual({ runs: [first, second], index: 1 });
});

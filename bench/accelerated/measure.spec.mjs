import { expect, it } from 'vitest';
import { commandOf } from './measure.mjs';

it.each([
  [[], 'npm run bench:accelerated'],
  [['--data-dir', '/a/b'], 'npm run bench:accelerated'],
  [
    ['--arms', 'SOUP', '--results-dir=/a', '--data-dir', '/b', '--minutes', '9'],
    'npm run bench:accelerated -- --arms SOUP --minutes 9',
  ],
])('the command of %j names no folder', (args, command) => {
  expect(commandOf(args)).toBe(command);
});

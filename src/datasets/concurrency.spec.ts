import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mapInOrder } from './concurrency.js';

it('yields in the order of the items and never exceeds the limit', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (delayMs: number) => {
    most = Math.max(most, ++running);
    await sleep(delayMs);
    running -= 1;
    return delayMs;
  };
  for await (const result of mapInOrder([30, 5, 20, 1, 10, 1], 3, work)) results.push(result);
  expect(results).toEqual([30, 5, 20, 1, 10, 1]);
  expect(most).toBe(3);
});

it('starts nothing after a failure and ends what is under way before it throws', async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    await sleep(item === 1 ? 1 : 20);
    if (item === 1) throw new Error('item 1');
    ended.push(item);
  };
  const drain = async () => {
    for await (const _ of mapInOrder([1, 2, 3, 4, 5], 3, work));
  };
  await expect(drain()).rejects.toThrow('item 1');
  expect(ended).toEqual([2, 3]);
});

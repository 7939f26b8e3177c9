import { expect, it } from 'vitest';
import { biotuneSchema } from '../domain/fine-tune-job.js';
import { trainingCountAtOnce } from './training-count.js';

it('counts the elite steps, children and seeds of a generation', () => {
  expect(trainingCountAtOnce(biotuneSchema.parse({}))).toBe((2 * 3 + 7) * 3);
});

it('counts one child and its seeds where each waits for the one before', () => {
  expect(trainingCountAtOnce(biotuneSchema.parse({ reproduction: 'SEQUENTIAL' }))).toBe(3);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import { RESULT_CLASS_COUNT_MAX } from '../../src/domain/job/job-result.js';
import { JobHarness, type MadeUp } from './job-harness.js';

/** What gRPC clients take at the most. */
const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
const JOB_COUNT = 50;

const good: MadeUp = ({ technique }) => ({ validation: technique.type === 'BLOCKS' ? 0.9 : 0.8, test: 0.5 });
const request = {
  search: { type: 'NONE' },
  baselines: ['FULL_FINE_TUNE', 'LINEAR_PROBE'],
  finals: { finalistCount: 1, seedCount: 1 },
};
const dataset = (classCount: number, test: number) => ({
  labels: Array.from({ length: classCount }, (_, label) => `class-${String(label).padStart(4, '0')}`),
  imageCount: { train: 10, validation: 5, test },
});

let jobs: JobHarness;
let job: FineTuneJob;
beforeAll(async () => {
  jobs = await JobHarness.start({ madeUp: dataset(2000, 2) });
  job = await jobs.run(request, good);
  for (let count = 1; count < JOB_COUNT; count += 1) await jobs.create(request);
}, 300_000);
afterAll(() => jobs.stop());

it('a job with 2,000 classes ends with a result that a message holds', () => {
  expect(job).toMatchObject({ state: 'SUCCEEDED', result: { method: 'FULL_FINE_TUNE', testAccuracy: 0.5 } });
  expect(Buffer.byteLength(JSON.stringify(job))).toBeLessThan(MESSAGE_BYTES_MAX / 10);
});

it('its figures of single classes are in the files of its model version', async () => {
  expect(job.result?.confusionMatrix).toEqual([]);
  const { test, scores } = await jobs.metricsFile(job);
  expect([test.labels.length, test.predictions.length, test.recalls.length]).toEqual([4000, 4000, 2000]);
  expect(scores.map(({ testRecalls }) => testRecalls.length)).toEqual([2000, 2000]);
});

it('50 jobs fit on a page', async () => {
  const { items, nextPageToken } = await jobs.list(JOB_COUNT);
  expect([items.length, nextPageToken]).toEqual([JOB_COUNT, expect.any(String)]);
  expect(Buffer.byteLength(JSON.stringify(items))).toBeLessThan(MESSAGE_BYTES_MAX / 4);
});

it('a result of few classes has their figures, which lists leave out', async () => {
  const few = await JobHarness.start({ madeUp: dataset(RESULT_CLASS_COUNT_MAX, 2) });
  const { id, result } = await few.run(request, good);
  expect(result?.confusionMatrix).toHaveLength(RESULT_CLASS_COUNT_MAX);
  expect(result?.scores[0]?.testRecalls).toHaveLength(RESULT_CLASS_COUNT_MAX);
  const { items } = await few.list(1);
  expect(items[0]).toMatchObject({ id, result: { confusionMatrix: [], scores: [{ testRecalls: [] }, {}] } });
  await few.stop();
});

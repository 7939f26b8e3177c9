import { afterAll, beforeAll, expect, it } from 'vitest';
import { JobHarness } from './job-harness.js';

/** More than fit into one answer. */
const VALUE_COUNT = 12_000;
const PAGE_BYTES_MAX = 1_100_000;

let jobs: JobHarness;
beforeAll(async () => {
  jobs = await JobHarness.start();
});
afterAll(() => jobs.stop());

it('gives the curves of a trial in pages that fit into a message, each point once', async () => {
  const { id } = await jobs.create({ search: { type: 'NONE' }, baselines: ['LINEAR_PROBE'] });
  const { leadership, runner } = await jobs.lead(id);
  while ((await jobs.tasks(id)).length === 0) await runner.advance(leadership);
  const trial = await jobs.trainedCurve(id, VALUE_COUNT);
  const pages = await jobs.curve(id, trial);
  expect(pages.flat().map(({ epoch }) => epoch)).toEqual(Array.from({ length: VALUE_COUNT }, (_, epoch) => epoch));
  expect(pages.length).toBeGreaterThan(1);
  for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(PAGE_BYTES_MAX);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

/** The block of the base model's nine that alone learns, at twice the base's rate. */
const alone = (block: number): number[] => Array.from({ length: 9 }, (_, index) => (index === block ? 2 : 0));

/** The genome of that: 10^(2(0.65 - 0.5)) is 2. */
const genomeOf = (block: number) => ({ genes: alone(block).map((rate) => (rate > 0 ? 0.65 : 0)), threshold: 0.5 });

/** Candidates are the better the farther towards the head the first block that learns is; `best` alone is better than all. */
const made =
  (best: readonly number[] = []): MadeUp =>
  ({ lrMultipliers }) => {
    const first = lrMultipliers.findIndex((factor) => factor > 0);
    const isBest = lrMultipliers.map((rate) => Number(rate.toPrecision(3))).join() === best.join();
    const validation = isBest ? 0.95 : 0.5 + 0.03 * first + 0.02 * (lrMultipliers[8] ?? 0);
    return { validation, test: 0.6 };
  };

const quick = {
  evaluation: { seedCount: 1 },
  finals: { finalistCount: 1, seedCount: 1 },
  baselines: [],
};

/** An earlier job on images of a size, whose winner trains one block alone. */
const earlier = (block: number, imageSizePx: number, mode = 'ACCELERATED') =>
  jobs.run(
    {
      ...quick,
      data: { imageSizePx },
      search: {
        initialGenomes: [genomeOf(block)],
        biotune: { mode, populationSize: 2, eliteCount: 1, generationCount: 0 },
      },
    },
    made(alone(block)),
  );

const request = (search: object = { priors: 'PROJECT' }) => ({
  ...quick,
  data: { imageSizePx: 96 },
  search: { ...search, biotune: { mode: 'ACCELERATED', generationCount: 1 } },
});

/** What the search of a new job begins with, as soon as its images are known to be imported. */
async function candidatesOf(search?: object): Promise<FineTuneJob['spec']['priorCandidates']> {
  const { id } = await jobs.create(request(search));
  const { leadership, runner } = await jobs.lead(id);
  while ((await jobs.get(id)).state === 'VALIDATING') await runner.advance(leadership);
  return (await jobs.get(id)).spec.priorCandidates;
}

const searched = async (id: string) => (await jobs.trials(id)).filter(({ phase }) => phase === 'SEARCH');

describe('priors', () => {
  let near: FineTuneJob;
  let middle: FineTuneJob;
  let far: FineTuneJob;

  it('are none where the project has no earlier job', async () => {
    expect(await candidatesOf()).toEqual([]);
  });

  it('are the winners of the earlier jobs whose data are most alike, and the result says how they did', async () => {
    near = await earlier(1, 96);
    far = await earlier(2, 224);
    middle = await earlier(3, 64);
    await earlier(4, 96, 'PAPER_FAST');

    const job = await jobs.run(request(), made());
    expect(job.spec.priorCandidates).toEqual([
      { job: near.name, lrMultipliers: alone(1), distance: 0 },
      { job: middle.name, lrMultipliers: alone(3), distance: Math.log2(96 / 64) },
      { job: far.name, lrMultipliers: alone(2), distance: Math.log2(224 / 96) },
    ]);
    const trials = await searched(job.id);
    const first = trials.filter(({ generation }) => generation === 0);
    expect(first.map(({ origin }) => origin)).toEqual(['PRIOR', 'PRIOR', ...Array<string>(6).fill('ANCHOR')]);
    expect(first.slice(0, 2).map(({ lrMultipliers }) => lrMultipliers)).toEqual([alone(1), alone(3)]);
    const rankOf = (place: number) =>
      1 + first.filter(({ fitness = Infinity }) => fitness < (first[place]?.fitness ?? 0)).length;
    expect(new Set([rankOf(0), rankOf(1)]).size, 'the made-up figures tell them apart').toBe(2);
    expect(job.result?.priors).toEqual([
      { job: near.name, distance: 0, trial: first[0]?.name, rank: rankOf(0) },
      { job: middle.name, distance: Math.log2(96 / 64), trial: first[1]?.name, rank: rankOf(1) },
      { job: far.name, distance: Math.log2(224 / 96) },
    ]);
  });

  it('are none unless the request asks for them', async () => {
    expect(await candidatesOf({})).toEqual([]);
  });

  it.each([
    ['another project', `project = 'other'`],
    ['another base model', `spec = jsonb_set(spec, '{baseModel}', '"baseModels/other"')`],
    ['a mode of the paper', `spec = jsonb_set(spec, '{search,biotune,mode}', '"PAPER_FAST"')`],
    ['a job that has failed', `state = 'FAILED'`],
    ['a search without a winner', `result = jsonb_set(result, '{scores}', '[]')`],
  ])('are none of %s', async (_what, change) => {
    const found = (await candidatesOf()).map(({ job }) => job);
    expect(found).toContain(near.name);
    const row = `FROM fine_tune_jobs WHERE id = '${near.id}'`;
    await jobs.sql(`CREATE TABLE kept AS SELECT * ${row}`);
    await jobs.sql('ALTER TABLE fine_tune_jobs DISABLE TRIGGER fine_tune_jobs_terminal');
    await jobs.sql(`UPDATE fine_tune_jobs SET ${change} WHERE id = '${near.id}'`);
    const left = (await candidatesOf()).map(({ job }) => job);
    await jobs.sql(
      `UPDATE fine_tune_jobs j SET project = k.project, spec = k.spec, state = k.state, result = k.result FROM kept k WHERE k.id = j.id`,
    );
    await jobs.sql('DROP TABLE kept');
    expect(left).not.toContain(near.name);
    expect(left).toContain(middle.name);
  });

  it('of a job stay as they are, whichever earlier jobs go and come', async () => {
    const { id } = await jobs.create(request());
    const before = await jobs.lead(id);
    while ((await searched(id)).length === 0) await before.runner.advance(before.leadership);
    const { spec } = await jobs.get(id);
    const trials = await searched(id);
    expect(trials.map(({ origin }) => origin).slice(0, 2)).toEqual(['PRIOR', 'PRIOR']);

    await deleteJobs([near.id, middle.id, far.id]);
    const nearer = await earlier(6, 96);
    await jobs.giveBack(before.leadership);
    const { leadership, runner } = await jobs.lead(id);
    while ((await runner.advance(leadership)).next !== 'ENDED') while (await jobs.work(id, made()));

    const job = await jobs.get(id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', spec });
    const placed = (all: typeof trials) =>
      all.map(({ generation, slot, origin, lrMultipliers }) => ({ generation, slot, origin, lrMultipliers }));
    expect(placed(await searched(id)).slice(0, trials.length)).toEqual(placed(trials));
    expect(job.result?.priors.map((prior) => prior.job)).toEqual(spec.priorCandidates.map((prior) => prior.job));
    expect((await candidatesOf()).map((prior) => prior.job)).toContain(nearer.name);
  });
});

/** Takes all rows of jobs away. */
async function deleteJobs(ids: readonly string[]): Promise<void> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  await jobs.sql(`DELETE FROM model_versions WHERE job_id IN (${list})`);
  await jobs.sql(`DELETE FROM tasks WHERE scope IN (${list})`);
  await jobs.sql(`DELETE FROM trials WHERE job_id IN (${list})`);
  await jobs.sql(`DELETE FROM events WHERE job_id IN (${list})`);
  await jobs.sql(`DELETE FROM fine_tune_jobs WHERE id IN (${list})`);
}

describe('a warm start', () => {
  it.each(['ACCELERATED', 'PAPER_FAST'])('of ACCELERATED takes the multipliers of the winner of %s', async (mode) => {
    const { name, result } = await earlier(5, 96, mode);
    const job = await jobs.create(request({ warmStartFrom: [name] }));
    const [candidate, ...others] = job.spec.warmStartCandidates;
    expect(candidate).toEqual({ job: name, lrMultipliers: result?.scores[0]?.lrMultipliers });
    expect(candidate?.lrMultipliers[5]).toBeCloseTo(2, 2);
    expect([others, job.spec.warmStartGenomes]).toEqual([[], []]);
  });

  it('takes the first place of the search', async () => {
    const { name } = await earlier(5, 96);
    const job = await jobs.run(request({ warmStartFrom: [name] }), made());
    const [first, second] = await searched(job.id);
    expect(first).toMatchObject({ origin: 'WARM_START', lrMultipliers: alone(5) });
    expect(second?.origin).toBe('ANCHOR');
  });

  it('of a search on genomes refuses a job whose candidates are none', async () => {
    const { name } = await earlier(5, 96);
    const search = { warmStartFrom: [name], biotune: { mode: 'PAPER_FAST' } };
    await expect(jobs.create({ ...quick, search })).rejects.toThrow(
      `${name} was searched in mode ACCELERATED, whose candidates are no genomes: set search.biotune.mode to it`,
    );
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupBy } from '../../src/domain/group-by.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { areRelatives } from '../../src/search/accelerated/relatives.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

/** Candidates are the better the more of the last blocks learn, and a head that learns is worse; noise comes from the seed. */
const deep: MadeUp = ({ lrMultipliers, seed }) => {
  const first = lrMultipliers.findIndex((factor) => factor > 0);
  const validation = 0.8 - 0.02 * first - 0.1 * (lrMultipliers.at(-1) ?? 0) + ((seed % 7) - 3) / 1000;
  return { validation, test: Math.max(0, validation - 0.05) };
};

const searched = (trials: readonly Trial[]) =>
  trials.filter(({ phase, method }) => phase === 'SEARCH' && method === 'BIOTUNE');

describe('an accelerated job', () => {
  const accelerated = {
    search: { seed: 5, biotune: { mode: 'ACCELERATED' } },
    baselines: ['LP_BODY', 'RANDOM_SEARCH'],
  };

  it('tries the anchors on all the data, each from one probed head, then moves the best', async () => {
    const job = await jobs.run({ ...accelerated, finals: { finalistCount: 2, seedCount: 2 } }, deep);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { trialCount: 22 } });
    expect(job.spec).toMatchObject({
      data: { searchFraction: 1 },
      evaluation: { fitness: 'ACCURACY', lossWeight: 0.1, seedCount: 1 },
      training: {
        headInit: 'PROBE',
        frozenBatchNorm: 'EVAL',
        // Its images make 8 steps an epoch, of the 100 that there must be.
        stepCountMin: 100,
        epochCount: 13,
        patienceEpochs: 13,
        cosineEpochCount: 13,
      },
    });
    const trials = searched(await jobs.trials(job.id));
    expect(trials.map(({ origin }) => origin)).toEqual([
      ...Array<string>(7).fill('ANCHOR'),
      'RANDOM',
      ...Array<string>(3).fill('OFFSPRING'),
    ]);
    expect(trials.every(({ genome, fold }) => genome === undefined && fold === 0)).toBe(true);
    expect(job.best).toMatchObject({ lrMultipliers: expect.any(Array) as unknown });
    const tasks = (await jobs.tasks(job.id)).flatMap(({ key, spec }) =>
      'train' in spec ? [{ key, ...spec.train }] : [],
    );
    const heads = groupBy(tasks, ({ key }) => key.split('/')[0]);
    expect([...heads.values()].map((inPhase) => new Set(inPhase.map(({ headSeed }) => headSeed)).size)).toEqual([
      1, 1, 1,
    ]);
    expect(new Set(tasks.map(({ training }) => training.headInit))).toEqual(new Set(['PROBE']));
    expect(new Set(tasks.filter(({ key }) => key.startsWith('final/')).map(({ seed }) => seed)).size).toBe(2);
  });

  it('chooses among finalists that differ in more than one block', async () => {
    const finals = { finalistCount: 3, seedCount: 1 };
    // What trains the first block is best, and the more so the faster it learns.
    const job = await jobs.run(
      { ...accelerated, finals, baselines: [] },
      ({ lrMultipliers: [first = 0, ...others] }) => {
        const validation = 0.5 + 0.1 * Math.min(first, 2) + 0.01 * others.filter((factor) => factor > 0).length;
        return { validation, test: 0.5 };
      },
    );
    const trials = await jobs.trials(job.id);
    const ranked = searched(trials)
      .filter(({ state }) => state === 'SUCCEEDED')
      .toSorted((a, b) => (a.fitness ?? 1) - (b.fitness ?? 1));
    const pairs = (of: readonly Trial[]) =>
      of.flatMap((a, index) => of.slice(index + 1).map((b) => areRelatives(a, b)));
    console.log(
      ranked.map((t) => [t.fitness, t.lrMultipliers.join()]),
      pairs(ranked.slice(0, 3)),
    );
    expect(pairs(ranked.slice(0, 3))).toContain(true);
    const finalists = trials.filter(({ phase }) => phase === 'SELECTION');
    expect(finalists).toHaveLength(3);
    expect(pairs(finalists)).not.toContain(true);
    expect(finalists[0]?.lrMultipliers).toEqual(ranked[0]?.lrMultipliers);
  });

  it('comes to the same trials by whoever leads it', async () => {
    const trialsOf = async (options: object) => {
      const { id } = await jobs.run({ ...accelerated, baselines: [] }, deep, options);
      const trials = searched(await jobs.trials(id));
      return trials.map(({ generation, slot, origin, lrMultipliers, fitness }) => ({
        generation,
        slot,
        origin,
        lrMultipliers,
        fitness,
      }));
    };
    expect(await trialsOf({ taskCountMax: 1, takesOver: true })).toEqual(await trialsOf({}));
  });

  it('is refused on slices of the data', () => {
    expect(() => jobs.request({ ...accelerated, data: { searchFraction: 0.5 } })).toThrow(
      /compares its candidates on all the data/,
    );
  });
});

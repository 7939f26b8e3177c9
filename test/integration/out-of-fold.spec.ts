import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Trial } from '../../src/domain/job/trial.js';
import { contentOf, type StoredTask, type TrainSpec } from '../../src/domain/task.js';
import { JobHarness, type MadeUp, type MadeUpDataset } from './job-harness.js';
import { sidesOf } from './made-up-results.js';

/** 16 images of train and validation: three parts of six, five and five, as many as the finals have. */
const FEW: MadeUpDataset = { labels: ['bag', 'shoe'], imageCount: { train: 5, validation: 3, test: 20 } };
const PART_COUNT = 3;
const IMAGE_COUNT = 16;

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start({ madeUp: FEW });
});

afterAll(() => jobs.stop());

/** Candidates are the better the later their first block that learns, and each has its own luck with each part. */
const lucky: MadeUp = ({ lrMultipliers, division }) => {
  const depth = lrMultipliers.findIndex((factor) => factor > 0);
  const total = lrMultipliers.reduce((sum, factor) => sum + factor, 0);
  const luck = [0.21, 0.02, 0.05][division?.part ?? 0] ?? 0;
  const wrong = (place: number) => (place * 7 + Math.round(10 * total)) % 16 > 8 + depth / 2;
  return { validation: 0.4 + 0.02 * depth + luck, test: 0.5, wrong };
};

const job = (evaluation: object = {}) => ({
  search: { seed: 5, biotune: { mode: 'ACCELERATED' } },
  training: { batchSize: 8 },
  baselines: ['SUFFIX_GRID'],
  evaluation: { division: 'REDIVIDED', seedCount: PART_COUNT, ...evaluation },
  finals: { finalistCount: 2, seedCount: PART_COUNT },
});

const specOf = ({ spec }: StoredTask): TrainSpec => contentOf(spec, 'train');
const tasksOf = async (id: string, phase: string) =>
  (await jobs.tasks(id)).filter(({ key }) => key.startsWith(`${phase}/`));
const searched = (trials: readonly Trial[]) => trials.filter(({ phase }) => phase === 'SEARCH');

/** The last parts of the trainings of each trial. */
async function endedTasks(id: string): Promise<Map<string, StoredTask[]>> {
  const found = new Map<string, StoredTask[]>();
  for (const task of await tasksOf(id, 'search')) {
    if (task.result === undefined || contentOf(task.result, 'train').checkpoint !== undefined) continue;
    const { trialId = '' } = task;
    found.set(trialId, [...(found.get(trialId) ?? []), task]);
  }
  return found;
}

const succeeded = async (id: string) => {
  const tasks = await endedTasks(id);
  return searched(await jobs.trials(id))
    .filter(({ state }) => state === 'SUCCEEDED')
    .map((trial) => ({
      fitness: trial.fitness ?? NaN,
      tasks: tasks.get(trial.reusedTrial?.split('/').at(-1) ?? trial.id) ?? [],
    }));
};

const validationOf = (task: StoredTask): number[] => [...sidesOf(specOf(task), FEW).validation];

describe('a search out of fold', () => {
  let id: string;

  beforeAll(async () => {
    ({ id } = await jobs.run(job(), lucky));
    expect((await jobs.get(id)).state).toBe('SUCCEEDED');
  });

  it('trains each candidate on the same parts, to its end, and judges it once on every image', async () => {
    const tasks = await tasksOf(id, 'search');
    expect(tasks.some(({ key }) => key.includes('/part-'))).toBe(true);
    for (const task of tasks) {
      const { seed, division, fold, foldCount, keepPredictions } = specOf(task);
      const part = [684, 559, 629].indexOf(seed);
      expect({ division, fold, foldCount }).toEqual({
        division: { part, partCount: PART_COUNT, seed: 5 },
        fold: 0,
        foldCount: 1,
      });
      expect(keepPredictions).toBe(false);
    }
    const trials = await succeeded(id);
    expect(trials.length).toBeGreaterThan(3);
    for (const trial of trials) {
      const images = trial.tasks.flatMap(validationOf);
      expect(images.toSorted((a, b) => a - b)).toEqual(Array.from({ length: IMAGE_COUNT }, (_, place) => place));
    }
  });

  it('has other parts than the trainings that follow, of which there are as many', async () => {
    const partsOf = async (phase: string) =>
      new Set((await tasksOf(id, phase)).map((task) => String(validationOf(task))));
    const [search, selection, finals] = await Promise.all(['search', 'selection', 'final'].map(partsOf));
    expect(search?.size).toBe(PART_COUNT);
    expect(selection).toEqual(finals);
    expect(finals?.size).toBe(PART_COUNT);
    expect([...(search ?? [])].filter((part) => finals?.has(part))).toEqual([]);
  });

  it('has the fitness of all images, and not the mean of those of the parts', async () => {
    for (const { fitness, tasks } of await succeeded(id)) {
      const parts = tasks.map((task) => {
        const result = task.result && contentOf(task.result, 'train');
        return { imageCount: validationOf(task).length, accuracy: result?.validationAccuracy ?? NaN };
      });
      expect(parts.map(({ imageCount }) => imageCount).toSorted()).toEqual([5, 5, 6]);
      const accuracy = parts.reduce((sum, part) => sum + part.imageCount * part.accuracy, 0) / IMAGE_COUNT;
      // A made-up loss is 1 minus the accuracy.
      expect(fitness).toBeCloseTo(1 - (accuracy - 0.1 * (1 - accuracy)), 12);
      const ofParts = parts.reduce((sum, part) => sum + part.accuracy, 0) / PART_COUNT;
      expect(Math.abs(ofParts - accuracy)).toBeGreaterThan(1e-4);
    }
  });

  it('assumes the deviation of seeds, which have other images each, and counts all images', async () => {
    expect((await jobs.get(id)).result?.resolution).toMatchObject({
      imageCount: IMAGE_COUNT,
      seedCount: 3,
      seedDeviation: 0.018,
    });
  });
});

it('pools what was predicted where means over classes are asked for', async () => {
  const { id, state } = await jobs.run(job({ fitness: 'MACRO_F1', lossWeight: 0 }), lucky);
  expect(state).toBe('SUCCEEDED');
  const trials = await succeeded(id);
  expect(new Set(trials.map(({ fitness }) => fitness)).size).toBeGreaterThan(1);
  for (const { fitness, tasks } of trials) {
    const kept = await Promise.all(tasks.map((task) => jobs.storedPredictions(task)));
    const pairs = kept.flatMap(({ labels, predictions }) =>
      labels.map((label, at) => [label, predictions[at]] as const),
    );
    expect(pairs).toHaveLength(IMAGE_COUNT);
    const f1Of = (label: number) => {
      const right = pairs.filter((pair) => pair[0] === label && pair[1] === label).length;
      return (2 * right) / (8 + pairs.filter((pair) => pair[1] === label).length);
    };
    expect(fitness).toBeCloseTo(1 - (f1Of(0) + f1Of(1)) / 2, 12);
  }
});

it('comes to the same trials by whoever leads it, one task at a time', async () => {
  const trialsOf = async (options: object) => {
    const { id } = await jobs.run({ ...job({ fitness: 'MACRO_ACCURACY' }), baselines: [] }, lucky, options);
    return searched(await jobs.trials(id)).map(
      ({ method, generation, slot, lrMultipliers, state, pruning, fitness }) => {
        return { method, generation, slot, lrMultipliers, state, pruning, fitness };
      },
    );
  };
  expect(await trialsOf({ taskCountMax: 1, takesOver: true })).toEqual(await trialsOf({}));
});

it('refuses more parts than a class has images', async () => {
  await expect(jobs.estimate(job({ seedCount: 9 }))).rejects.toMatchObject({
    reason: 'TOO_FEW_IMAGES_PER_CLASS',
    metadata: { label: 'bag', partCount: '9', train: '5', validation: '3' },
  });
});

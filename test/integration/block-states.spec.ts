import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

/** Norms and biases alone are best, then rates that go by gradients. */
const madeUp: MadeUp = ({ normTuning, technique, lrMultipliers, seed }) => {
  const norms = normTuning === undefined ? 0 : 0.3;
  const gradients = technique.type === 'AUTO_RGN' ? 0.2 : 0;
  return { validation: 0.3 + norms + gradients + (lrMultipliers[0] ?? 0) / 100 + (seed % 7) / 1e5, test: 0.6 };
};

describe('a job whose blocks may train norms and biases alone, or at rates that go by gradients', () => {
  const request = {
    search: {
      biotune: { mode: 'ACCELERATED', populationSize: 12, eliteCount: 3, generationCount: 2 },
      accelerated: { usesNormState: true, usesGradientPick: true, usesRungs: false },
    },
    baselines: ['LP_FT'],
    finals: { finalistCount: 2, seedCount: 1 },
  };
  let job: FineTuneJob;
  let trials: readonly Trial[];

  beforeAll(async () => {
    job = await jobs.run(request, madeUp);
    trials = await jobs.trials(job.id);
  });

  const settingsIn = (phase: Trial['phase']) =>
    trials.flatMap((trial) => (trial.method === 'BIOTUNE' && trial.phase === phase ? [trial.settings ?? {}] : []));

  it('tells of each trial which blocks train norms and biases alone, and whether rates go by gradients', () => {
    const searched = settingsIn('SEARCH');
    expect(searched.slice(0, 8)).toEqual([...Array<object>(7).fill({}), { usesGradientRates: true }]);
    expect(searched.filter(({ normTuning }) => normTuning !== undefined).length).toBeGreaterThan(1);
  });

  it('tells workers the same, in every phase', async () => {
    const tasks = (await jobs.tasks(job.id)).flatMap(({ trialId, spec }) =>
      'train' in spec ? [{ trialId, train: spec.train }] : [],
    );
    expect(tasks.length).toBeGreaterThan(30);
    for (const { trialId, train } of tasks) {
      const { normTuning, usesGradientRates = false } = trials.find(({ id }) => id === trialId)?.settings ?? {};
      expect(train.normTuning).toEqual(normTuning);
      expect(train.technique).toEqual(usesGradientRates ? { type: 'AUTO_RGN', batchCount: 5 } : { type: 'BLOCKS' });
    }
  });

  it('delivers what was best, and says so', async () => {
    expect(settingsIn('FINALS').map(({ normTuning }) => normTuning?.blocks.length ?? 0)).not.toContain(0);
    expect(job.result?.settings).toEqual(settingsIn('FINALS')[0]);
    expect(await jobs.modelFile(job, 'genome.json')).toMatchObject({ settings: job.result?.settings });
  });
});

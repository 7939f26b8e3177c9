import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FineTuneJob } from '../../src/domain/job/fine-tune-job.js';
import type { Trial } from '../../src/domain/job/trial.js';
import { JobHarness, type MadeUp } from './job-harness.js';

let jobs: JobHarness;

beforeAll(async () => {
  jobs = await JobHarness.start();
});

afterAll(() => jobs.stop());

describe('a list whose candidates differ in what they set', () => {
  const alphas = [1, 0.1, 0.01];
  /** On a slice of the images 0.1 looks best, and 0.01 second; on all of them 0.01 is best. */
  const madeUp: MadeUp = ({ technique, foldCount, seed }) => {
    const alpha = technique.type === 'L2_SP' ? technique.alpha : NaN;
    const best = foldCount > 1 ? 0.05 : 0.01;
    return { validation: 0.8 - 0.1 * Math.abs(Math.log10(alpha / best)) + (seed % 7) / 1000, test: 0.5 };
  };
  let job: FineTuneJob;
  let trials: readonly Trial[];

  beforeAll(async () => {
    const finals = { finalistCount: 2, seedCount: 2 };
    const methods = { l2Sp: { alphas, beta: 0.5 } };
    const evaluation = { seedCount: 2 };
    const request = { evaluation, search: { type: 'NONE' }, baselines: ['L2_SP'], methods, finals };
    job = await jobs.run(request, madeUp);
    trials = await jobs.trials(job.id);
  });

  const ofPhase = (phase: Trial['phase']) => trials.filter((trial) => trial.phase === phase);
  const settingsOf = (phase: Trial['phase']) => ofPhase(phase).map(({ settings }) => settings);

  it('trains each once, though their multipliers are equal', () => {
    expect(settingsOf('SEARCH')).toEqual(alphas.map((alpha) => ({ alpha })));
    for (const { reusedTrial, cost } of ofPhase('SEARCH')) {
      expect(reusedTrial).toBeUndefined();
      expect(cost.trainingCount).toBe(2);
    }
  });

  it('chooses among the best two on all the data, and reports the better one', () => {
    expect(settingsOf('SELECTION')).toEqual([{ alpha: 0.1 }, { alpha: 0.01 }]);
    expect(settingsOf('FINALS')).toEqual([{ alpha: 0.01 }]);
  });

  it('tells workers the technique of the candidate, in every phase', async () => {
    const techniques = (await jobs.tasks(job.id)).flatMap(({ trialId, spec }) =>
      'train' in spec ? [{ trialId, technique: spec.train.technique }] : [],
    );
    expect(techniques).toHaveLength(2 * (3 + 2 + 1));
    for (const { trialId, technique } of techniques) {
      const alpha = trials.find(({ id }) => id === trialId)?.settings?.alpha;
      expect(technique).toEqual({ type: 'L2_SP', alpha, beta: 0.5 });
    }
  });

  it('says what the delivered candidate set', async () => {
    expect(await jobs.modelFile(job, 'genome.json')).toMatchObject({ method: 'L2_SP', settings: { alpha: 0.01 } });
  });
});

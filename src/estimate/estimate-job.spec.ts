import { describe, expect, it } from 'vitest';
import type { BaseModel } from '../domain/base-model.js';
import { createFineTuneJobSchema } from '../domain/job/create-fine-tune-job.js';
import { networkByArchitecture } from '../networks/registry.js';
import { estimateJob } from './estimate-job.js';

const architecture = 'efficientnet-lite0';
const blocks = networkByArchitecture(architecture).blocks.map(({ id }) => ({ id })) as unknown as BaseModel['blocks'];
const classes = ['a', 'b'].map((label) => ({ label, imageCount: { train: 20, validation: 10, test: 10 } }));

function estimated(space: object, { epochCount = 10, imageSizePx = 64, augmentation = 'NONE' } = {}) {
  const { data, ...request } = createFineTuneJobSchema.parse({
    baseModel: 'a',
    dataset: 's3://bucket/prefix',
    search: { biotune: { mode: 'ACCELERATED' }, space },
    baselines: ['RANDOM_SEARCH', 'LP_FT'],
    data: { augmentation },
    training: { batchSize: 8, epochCount },
  });
  const spec = {
    ...request,
    search: { ...request.search, seed: 1 },
    data: { ...data, imageSizePx },
    training: { ...request.training, batchSize: 8 },
    warmStartGenomes: [],
    warmStartCandidates: [],
    priorCandidates: [],
    reproducibility: 'RECORDED' as const,
    output: { model: 'm' },
  };
  const { methods } = estimateJob({
    spec,
    baseModel: { architecture, blocks },
    classes: classes.map((named, index) => ({ ...named, index })),
    multiplyAccumulatesPerSecond: undefined,
  });
  return Object.fromEntries(methods.map(({ method, cost }) => [method, cost]));
}

const work = (found: ReturnType<typeof estimated>, method: string) => found[method]?.multiplyAccumulates ?? NaN;

describe('the estimate of a search that leaves settings open', () => {
  it.each(['BIOTUNE', 'RANDOM_SEARCH'])(
    'counts the trainings of %s at the mean over image sizes and augmentations',
    (method) => {
      const parts = [64, 96].flatMap((imageSizePx) =>
        ['NONE', 'LIGHT'].map((augmentation) => work(estimated({}, { imageSizePx, augmentation }), method)),
      );
      const mean = parts.reduce((sum, part) => sum + part, 0) / 4;
      const found = work(estimated({ imageSizePx: [64, 96], augmentation: ['NONE', 'LIGHT'] }), method);
      expect(found / mean).toBeCloseTo(1, 12);
      expect(new Set(parts).size).toBe(4);
    },
  );

  it('counts epochs at the middle of their range', () => {
    const open = estimated({ epochCount: { min: 2, max: 6 } });
    expect(open['BIOTUNE']).toEqual(estimated({}, { epochCount: 4 })['BIOTUNE']);
  });

  it('counts other methods as the job says', () => {
    expect(estimated({ imageSizePx: [96], epochCount: { min: 2, max: 2 } })['LP_FT']).toEqual(estimated({})['LP_FT']);
  });
});

import { describe, expect, it } from 'vitest';
import { createFineTuneJobSchema } from './create-fine-tune-job.js';
import { methodsOf, reportedMethodsOf, searchingMethodsOf } from './methods-of-job.js';

const specOf = (job: object) => {
  const request = createFineTuneJobSchema.parse({ baseModel: 'a', dataset: 's3://bucket/prefix', ...job });
  return { ...request, search: { ...request.search, seed: 1 } };
};

describe('the methods of a job', () => {
  it('are its search, then its baselines', () => {
    expect(methodsOf(specOf({ baselines: ['LORA', 'SUFFIX_GRID'] }))).toEqual(['BIOTUNE', 'LORA', 'SUFFIX_GRID']);
    expect(searchingMethodsOf(specOf({ baselines: ['LORA', 'SUFFIX_GRID'] }))).toEqual(['BIOTUNE', 'SUFFIX_GRID']);
  });

  it('are reported with the soup, which is not trained, where the job asks for one', () => {
    const search = { biotune: { mode: 'ACCELERATED' } };
    const spec = specOf({ search, baselines: ['LORA'], finals: { usesSoup: true } });
    expect([methodsOf(spec), reportedMethodsOf(spec)]).toEqual([
      ['BIOTUNE', 'LORA'],
      ['BIOTUNE', 'LORA', 'SOUP'],
    ]);
    expect(reportedMethodsOf(specOf({ baselines: [], finals: { usesSoup: false } }))).toEqual(['BIOTUNE']);
  });

  it('are reported with what is trained again, where the job asks for that', () => {
    const spec = specOf({ search: { type: 'NONE' }, baselines: ['LORA'], finals: { retrains: true } });
    expect([methodsOf(spec), reportedMethodsOf(spec)]).toEqual([['LORA'], ['LORA', 'RETRAINED']]);
  });

  it('are the baselines alone without a search', () => {
    expect(methodsOf(specOf({ search: { type: 'NONE' }, baselines: ['L2_SP'] }))).toEqual(['L2_SP']);
  });
});

import { RUNTIME } from '../../test/fixtures/runtime.js';
import { expect, it } from 'vitest';
import { type Runtime, runtimeMismatch } from './runtime.js';

it('finds nothing between equal runtimes', () => {
  expect(runtimeMismatch(RUNTIME, { ...RUNTIME })).toBeUndefined();
});

it.each<[Partial<Runtime>, string]>([
  [{ tensorflowVersion: '2.20.0' }, 'tensorflowVersion is 2.20.0 here and 2.19.1 in the job'],
  [{ device: 'GPU' }, 'device is GPU here and CPU in the job'],
  [{ oneDnn: false }, 'oneDnn is false here and true in the job'],
  [{ intraOpThreadCount: 4 }, 'intraOpThreadCount is 4 here and 8 in the job'],
  [{ instructionSet: 'SSE41' }, 'instructionSet is SSE41 here and AVX2 in the job'],
  [{ execution: 'EAGER' }, 'execution is EAGER here and TRACED in the job'],
  [{ gpuModel: 'H100' }, 'gpuModel is H100 here and unknown in the job'],
  [{ interOpThreadCount: 1 }, 'interOpThreadCount is 1 here and 8 in the job'],
])('names both values where %o differs', (change, text) => {
  expect(runtimeMismatch({ ...RUNTIME, ...change }, RUNTIME)?.message).toContain(text);
});

it('gives programs both values too', () => {
  const error = runtimeMismatch({ ...RUNTIME, oneDnn: false, device: 'GPU' }, RUNTIME);
  expect(error).toMatchObject({
    reason: 'RUNTIME_MISMATCH',
    metadata: { oneDnn: 'false', oneDnnOfJob: 'true', device: 'GPU', deviceOfJob: 'CPU' },
  });
});

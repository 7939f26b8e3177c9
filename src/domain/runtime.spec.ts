import { expect, it } from 'vitest';
import { type Runtime, runtimeMismatch } from './runtime.js';

const runtime: Runtime = {
  tensorflowVersion: '2.19.1',
  device: 'CPU',
  oneDnn: true,
  intraOpThreadCount: 8,
  interOpThreadCount: 8,
};

it('finds nothing between equal runtimes', () => {
  expect(runtimeMismatch(runtime, { ...runtime })).toBeUndefined();
});

it.each<[Partial<Runtime>, string]>([
  [{ tensorflowVersion: '2.20.0' }, 'tensorflowVersion is 2.20.0 here and 2.19.1 in the job'],
  [{ device: 'GPU' }, 'device is GPU here and CPU in the job'],
  [{ oneDnn: false }, 'oneDnn is false here and true in the job'],
  [{ intraOpThreadCount: 4 }, 'intraOpThreadCount is 4 here and 8 in the job'],
  [{ interOpThreadCount: 1 }, 'interOpThreadCount is 1 here and 8 in the job'],
])('names both values where %o differs', (change, text) => {
  expect(runtimeMismatch({ ...runtime, ...change }, runtime)?.message).toContain(text);
});

it('gives programs both values too', () => {
  const error = runtimeMismatch({ ...runtime, oneDnn: false, device: 'GPU' }, runtime);
  expect(error).toMatchObject({
    reason: 'RUNTIME_MISMATCH',
    metadata: { oneDnn: 'false', oneDnnOfJob: 'true', device: 'GPU', deviceOfJob: 'CPU' },
  });
});

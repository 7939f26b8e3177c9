import { expect, it } from 'vitest';
import { trainerEnvironment } from './trainer-environment.js';

const gpu = (systemEnvironment: NodeJS.ProcessEnv) =>
  trainerEnvironment({ threadCount: 3, device: 'GPU', systemEnvironment });

it('says on which device, with how many threads and with which kernels', () => {
  const systemEnvironment = { PATH: '/usr/bin', LD_LIBRARY_PATH: '/opt/lib' };
  expect(trainerEnvironment({ threadCount: 3, device: 'CPU', systemEnvironment })).toEqual({
    ...systemEnvironment,
    TENSORFLOW_DEVICE: 'CPU',
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: '3',
    TF_NUM_INTEROP_THREADS: '3',
    TF_CPP_MIN_LOG_LEVEL: '2',
  });
});

it("keeps the machine's libraries behind those of the set-up", () => {
  expect(gpu({ LD_LIBRARY_PATH: '/opt/cuda' })['LD_LIBRARY_PATH']).toMatch(/(^|:)\/opt\/cuda$/);
});

it('leaves memory of a GPU to other processes unless told otherwise', () => {
  expect(gpu({})['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('true');
  expect(gpu({ TF_FORCE_GPU_ALLOW_GROWTH: 'false' })['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('false');
});

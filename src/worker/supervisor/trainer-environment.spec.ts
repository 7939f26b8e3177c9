import { expect, it } from 'vitest';
import { trainersConfigSchema } from '../../config/config.js';
import type { Device } from '../../domain/runtime.js';
import { trainerEnvironment } from './trainer-environment.js';

const environmentOn = (device: Device, systemEnvironment: NodeJS.ProcessEnv) => {
  const trainers = trainersConfigSchema.parse({ TENSORFLOW_DEVICE: device });
  return trainerEnvironment({ threadCount: 3, trainers, stateDir: '/var/state', systemEnvironment });
};
const gpu = (systemEnvironment: NodeJS.ProcessEnv) => environmentOn('GPU', systemEnvironment);

it('says on which device, with how many threads and with which kernels', () => {
  const systemEnvironment = { PATH: '/usr/bin', LD_LIBRARY_PATH: '/opt/lib' };
  expect(environmentOn('CPU', systemEnvironment)).toMatchObject({
    ...systemEnvironment,
    TENSORFLOW_DEVICE: 'CPU',
    TF_ENABLE_ONEDNN_OPTS: '1',
    TF_NUM_INTRAOP_THREADS: '3',
    TF_NUM_INTEROP_THREADS: '3',
    TF_CPP_MIN_LOG_LEVEL: '2',
    TRAINER_STATE_DIR: '/var/state',
    TRAINER_RSS_MIB_MAX: '4096',
  });
});

it("keeps the machine's libraries behind those of the set-up", () => {
  expect(gpu({ LD_LIBRARY_PATH: '/opt/cuda' })['LD_LIBRARY_PATH']).toMatch(/(^|:)\/opt\/cuda$/);
});

it('leaves memory of a GPU to other processes unless configured otherwise', () => {
  expect(gpu({})['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('true');
  expect(gpu({ TF_FORCE_GPU_ALLOW_GROWTH: 'false' })['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('false');
});

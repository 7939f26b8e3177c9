import { afterEach, expect, it, vi } from 'vitest';
import { startBackend } from './backend.js';

afterEach(() => vi.unstubAllEnvs());

it('reports what decides the bits of a result', async () => {
  vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', '1');
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', '2');
  vi.stubEnv('TF_NUM_INTEROP_THREADS', '1');
  expect(await startBackend()).toEqual({
    tensorflowVersion: expect.stringMatching(/^2\./),
    device: 'CPU',
    oneDnn: true,
    intraOpThreadCount: 2,
    interOpThreadCount: 1,
    instructionSet: expect.stringMatching(/^(SSE41|AVX)/),
    execution: 'TRACED',
  });
});

it('refuses to start when the CPU would decide about oneDNN', async () => {
  vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', undefined);
  await expect(startBackend()).rejects.toThrow('TF_ENABLE_ONEDNN_OPTS is not set');
});

it('knows no other devices', async () => {
  vi.stubEnv('TENSORFLOW_DEVICE', 'TPU');
  vi.resetModules();
  await expect(import('./backend.js')).rejects.toThrow(/TENSORFLOW_DEVICE: .*"CPU"\|"GPU"/);
});

import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

/** swc instead of esbuild: Nest's injection and TypeORM's columns read decorator metadata. */
const plugins = [swc.vite({ module: { type: 'es6' } })];

/** What the worker sets for its trainer: these change the bits of a result. */
const trainerEnv = {
  TF_ENABLE_ONEDNN_OPTS: '1',
  TF_NUM_INTRAOP_THREADS: '2',
  TF_NUM_INTEROP_THREADS: '1',
  TF_CPP_MIN_LOG_LEVEL: '2',
};

export default defineConfig({
  test: {
    // Native addons (TensorFlow, sharp) live in processes of their own, as in production.
    pool: 'forks',
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', '{bench,scripts}/**/*.spec.mjs'],
          exclude: ['src/**/*.slow.spec.ts'],
          testTimeout: 300_000,
          env: trainerEnv,
        },
      },
      {
        plugins,
        test: {
          // Takes minutes and gigabytes, so it runs only when asked for: `npm run test:slow`.
          name: 'slow',
          include: ['src/**/*.slow.spec.ts'],
          testTimeout: 300_000,
          env: trainerEnv,
        },
      },
      {
        plugins,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.spec.ts'],
          globalSetup: 'test/support/services.ts',
          // On a machine with much else to do everything takes several times as long.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        plugins,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.spec.ts'],
          globalSetup: 'test/support/services.ts',
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        plugins,
        test: {
          // It has servers of its own, because it crashes them.
          name: 'chaos',
          include: ['test/chaos/**/*.spec.ts'],
        },
      },
    ],
  },
});

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  coordinator,
  importImages,
  outcomeOf,
  setUpWorkers,
  SLOWLY,
  soon,
  startWorker,
  startWorkerWithFileBound,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

describe('a worker that has no room on its disk', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'full-disk-'));
    const worker = startWorker();
    await importImages();
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('trains on without a checkpoint, and says so', async () => {
    const cache = join(folder, 'checkpoints');
    mkdirSync(cache);
    // Weights and images have room, a checkpoint of all the weights with their moments has not.
    const worker = startWorkerWithFileBound(24, {
      WORKER_CACHE_DIR: cache,
      TRAINER_CHECKPOINT_SECONDS: '0',
      LOG_LEVEL: 'warn',
    });
    let logs = '';
    worker.stderr?.setEncoding('utf8').on('data', (chunk: string) => (logs += chunk));
    const result = succeeded(await outcomeOf(coordinator.enqueue(trainSpec(2, SLOWLY))), 'train');
    expect(result.epochCount).toBe(2);
    await soon(() => expect(logs).toContain('checkpoint skipped'));
    expect(logs).toContain('EFBIG');
    expect(readdirSync(cache).filter((name) => name.startsWith('checkpoint-'))).toEqual([]);
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  });

  it('blames nobody for what it cannot fetch, leaves nothing half done, and works on', async () => {
    const cache = join(folder, 'downloads');
    const worker = startWorkerWithFileBound(1, { WORKER_CACHE_DIR: cache });
    for (const _ of [1, 2]) {
      expect(await outcomeOf(coordinator.enqueue(trainSpec(1)))).toMatchObject({ fault: { reason: 'SCRATCH_FULL' } });
    }
    expect(readdirSync(cache).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  });
});

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TOKEN } from './worker-fakes.js';
import {
  cacheDir,
  compiled,
  coordinator,
  firstMetric,
  gone,
  importImages,
  LONG,
  onlyChildOf,
  outcomeOf,
  setUpWorkers,
  SLOWLY,
  soon,
  start,
  startWorker,
  succeeded,
  trainSpec,
} from './worker-harness.js';

setUpWorkers();

it('shows that it is alive to the process that started it', async () => {
  const worker = startWorker();
  await once(worker, 'message');
  worker.kill('SIGKILL');
});

describe('a worker that must stop', () => {
  let worker: ChildProcess;

  beforeAll(async () => {
    worker = startWorker();
    await importImages();
  });

  it('reports a killed trainer as a crash and starts another', async () => {
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    process.kill(onlyChildOf(worker), 'SIGKILL');
    expect(await outcomeOf(task)).toMatchObject({
      fault: { reason: 'TRAINER_CRASHED', metadata: { signal: 'SIGKILL' } },
    });
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
  });

  it('stops at once and silently when its lease is lost', async () => {
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.leaseLost.add(task);
    await gone(trainer);
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
    expect(coordinator.outcomes.has(task)).toBe(false);
    expect(coordinator.released.map((release) => release.task)).not.toContain(task);
  });

  it('stops by itself when no heartbeat gets through for two thirds of the lease', async () => {
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.isCutOff = true;
    const cutOffAtMs = performance.now();
    await gone(trainer);
    coordinator.isCutOff = false;
    expect(performance.now() - cutOffAtMs).toBeLessThan(coordinator.leaseSeconds * 1000);
    expect(coordinator.outcomes.has(task)).toBe(false);
  });

  it('hands the task back when the job is cancelled', async () => {
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    coordinator.cancelled.add(task);
    await soon(() => expect(coordinator.released).toContainEqual({ task, reason: 'CANCELLED' }));
    expect(existsSync(`/proc/${trainer}`)).toBe(false);
    expect(coordinator.outcomes.has(task)).toBe(false);
  });

  it('hands the task back and exits with 143 on SIGTERM', async () => {
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    worker.kill('SIGTERM');
    expect(await once(worker, 'exit')).toEqual([143, null]);
    expect(coordinator.released).toContainEqual({ task, reason: 'PREEMPTED' });
    await gone(trainer);
  });
});

describe('the life of a worker', () => {
  beforeEach(() => {
    coordinator.done = false;
  });

  it('ends with 0 when the scope has ended', async () => {
    coordinator.done = true;
    expect(await once(startWorker(), 'exit')).toEqual([0, null]);
  });

  it('ends with 42 when the token is refused', async () => {
    expect(await once(startWorker({ WORKER_TOKEN: 'another' }), 'exit')).toEqual([42, null]);
  });

  it('replaces a trainer that has grown too large', async () => {
    const worker = startWorker({ TRAINER_RSS_MIB_MAX: '256' });
    const task = coordinator.enqueue(trainSpec(2));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    succeeded(await outcomeOf(task), 'train');
    await gone(trainer);
    coordinator.done = true;
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('ends a trainer that has fallen silent', async () => {
    const worker = startWorker({ TRAINER_SILENCE_SECONDS_MAX: '15' });
    const task = coordinator.enqueue(trainSpec(LONG, SLOWLY));
    await firstMetric(task);
    const trainer = onlyChildOf(worker);
    process.kill(trainer, 'SIGSTOP');
    expect(await outcomeOf(task)).toMatchObject({
      fault: { reason: 'TRAINER_CRASHED', metadata: { silenceSecondsMax: '15' } },
    });
    await gone(trainer);
    coordinator.done = true;
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('makes files of the cache anew that a crash has torn', async () => {
    const WORKER_CACHE_DIR = join(cacheDir, 'torn');
    const crashed = startWorker({ WORKER_CACHE_DIR });
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
    crashed.kill('SIGKILL');
    await once(crashed, 'exit');
    for (const name of readdirSync(WORKER_CACHE_DIR)) truncateSync(join(WORKER_CACHE_DIR, name), 7);
    const worker = startWorker({ WORKER_CACHE_DIR });
    succeeded(await outcomeOf(coordinator.enqueue(trainSpec(1))), 'train');
    coordinator.done = true;
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });

  it('shares its cache with the other workers of the machine', async () => {
    const WORKER_CACHE_DIR = join(cacheDir, 'shared');
    const workers = [startWorker({ WORKER_CACHE_DIR }), startWorker({ WORKER_CACHE_DIR })];
    const tasks = [trainSpec(2), trainSpec(2)].map((spec) => coordinator.enqueue(spec));
    const outcomes = await Promise.all(tasks.map(outcomeOf));
    for (const outcome of outcomes) succeeded(outcome, 'train');
    expect(readdirSync(WORKER_CACHE_DIR).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    coordinator.done = true;
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
  });

  it("ends with its pool's process, and its trainer with it", async () => {
    const pool = start('pool.js', [join(compiled, 'main.js'), cacheDir, coordinator.address, TOKEN]);
    await firstMetric(coordinator.enqueue(trainSpec(LONG, SLOWLY)));
    const worker = onlyChildOf(pool);
    const trainer = onlyChildOf({ pid: worker });
    pool.kill('SIGKILL');
    await Promise.all([gone(worker), gone(trainer)]);
  });

  it('ends its trainer even when it is killed itself', async () => {
    const worker = startWorker();
    await firstMetric(coordinator.enqueue(trainSpec(LONG, SLOWLY)));
    const trainer = onlyChildOf(worker);
    worker.kill('SIGKILL');
    await gone(trainer);
  });
});

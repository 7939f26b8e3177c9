import { createServer } from 'node:net';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { expect, it } from 'vitest';
import { HealthService } from '../storage/health.service.js';
import { createLogger } from '../observability/logger.js';
import { WorkerTaskService } from '../tasks/worker-task.service.js';
import { WorkerTokens } from '../tasks/worker-token.js';
import { startWorkerGateway } from './start.js';

let destroyed = 0;
const providers = [
  { provide: WorkerTaskService, useValue: {} },
  { provide: WorkerTokens, useValue: {} },
  { provide: HealthService, useValue: { onApplicationShutdown: () => (destroyed += 1) } },
];
@Module({ providers, exports: providers })
class StubModule {}

it('closes what it has opened when a port is taken', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const config = {
    LISTEN_HOST: '127.0.0.1',
    COORDINATOR_HTTP_PORT: address.port,
    WORKER_GRPC_HOST: '127.0.0.1',
    WORKER_GRPC_PORT: 0,
  };
  await expect(startWorkerGateway(config, createLogger('coordinator', 'silent'), [StubModule])).rejects.toThrow(
    'EADDRINUSE',
  );
  expect(destroyed).toBe(1);
  holder.close();
});

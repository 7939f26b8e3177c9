import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ObjectStore } from './object-store.js';
import { Transactions } from './postgres/transactions.js';

/** A load balancer asks every few seconds, and must be answered. */
const PING_MS_MAX = 1_500;

async function isReachable(ping: Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const answered = ping.then(
    () => true,
    () => false,
  );
  const silent = sleep(PING_MS_MAX, false, { signal: over.signal }).catch(() => false);
  return Promise.race([answered, silent]).finally(() => over.abort());
}

/** Whether what this process cannot work without can be reached. */
@Injectable()
export class HealthService {
  constructor(
    private readonly transactions: Transactions,
    private readonly objects: ObjectStore,
  ) {}

  async check(): Promise<{ readonly database: boolean; readonly objectStore: boolean }> {
    const [database, objectStore] = await Promise.all([
      isReachable(this.transactions.ping()),
      isReachable(this.objects.ping()),
    ]);
    return { database, objectStore };
  }
}

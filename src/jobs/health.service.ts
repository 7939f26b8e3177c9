import { Injectable } from '@nestjs/common';
import { ObjectStore } from '../storage/object-store.js';
import { Transactions } from '../storage/postgres/transaction.js';

const isReachable = (ping: Promise<void>): Promise<boolean> =>
  ping.then(
    () => true,
    () => false,
  );

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

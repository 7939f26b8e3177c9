import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** A transaction that is open: what runs in it is done together, or not at all. */
export type Transaction = EntityManager;

/** Opens transactions for what spans several repositories. */
@Injectable()
export class Transactions {
  constructor(private readonly dataSource: DataSource) {}

  /** Commits when `work` resolves; rolls back, and rejects with the same error, when it rejects. */
  run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** @throws whatever the database or the network answers when it cannot be reached. */
  async ping(): Promise<void> {
    await this.dataSource.query('SELECT 1');
  }
}

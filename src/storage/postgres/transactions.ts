import { Injectable } from '@nestjs/common';
import { Database } from './database.js';
import type { Transaction } from './transaction.js';

/** Opens transactions for what spans several repositories. */
@Injectable()
export class Transactions {
  constructor(private readonly database: Database) {}

  /** Commits when `work` resolves; rolls back, and rejects with the same error, when it rejects. */
  run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** @throws {DomainError} DATABASE_UNAVAILABLE when the database does not answer. */
  async ping(): Promise<void> {
    await this.database.query('SELECT 1');
  }
}

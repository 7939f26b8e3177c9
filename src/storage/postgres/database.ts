import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { DomainError } from '../../domain/errors.js';
import { NETWORK_CODES } from '../network-codes.js';
import type { Transaction } from './transaction.js';

/** A statement that each connection parses and plans once; no two of them share a name. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** Rows that a statement has given, and how many it has found. */
export interface Found<Row> {
  readonly rows: Row[];
  readonly rowCount: number;
}

/**
 * The connection of repositories to Postgres.
 *
 * @throws {DomainError} DATABASE_UNAVAILABLE from every method when the server is away; all else is thrown as it is.
 */
@Injectable()
export class Database {
  constructor(private readonly dataSource: DataSource) {}

  /** Runs one statement in a transaction of its own. */
  query<Answer = unknown>(sql: string, parameters?: unknown[]): Promise<Answer> {
    return reached(this.dataSource.query<Answer>(sql, parameters));
  }

  /** Runs a statement that is so frequent that planning it counts; in a transaction of its own. */
  async prepared<Row extends object>({ name, text }: Prepared, values: unknown[]): Promise<Found<Row>> {
    const { rows, rowCount } = await reached(poolOf(this.dataSource).query<Row>({ name, text, values }));
    return { rows, rowCount: rowCount ?? 0 };
  }

  /** Reads or writes entities, each statement in a transaction of its own. */
  entities<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return reached(work(this.dataSource.manager));
  }

  /** Commits when `work` resolves; rolls back, and rejects, when it rejects. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return reached(this.dataSource.transaction((manager) => work(manager as Transaction)));
  }
}

/** The pool behind a data source; TypeORM itself cannot name statements. */
function poolOf({ driver }: DataSource): Pool {
  if (driver.options.type !== 'postgres') throw new Error(`${driver.options.type} is no Postgres`);
  return (driver as PostgresDriver).master as Pool;
}

async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isAway(error)) throw error;
    const message = 'The database cannot be reached; try again shortly.';
    throw new DomainError('DATABASE_UNAVAILABLE', message, {}, { cause: error });
  }
}

/** SQLSTATE classes of a server that is away: 08 connection, 53 resources, 57P0x shutting down or starting. */
const SQLSTATE_AWAY = /^(08...|53...|57P0[1-5])$/;

/** What pg says, without a code, when a connection is lost or none comes free. */
const PG_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Driver not Connected',
  'Cannot use a pool after calling end',
];

/**
 * Whether the marks that drivers leave on their errors say that the server is away; a DomainError has its reason
 * already.
 */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DomainError) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (NETWORK_CODES.has(code) || SQLSTATE_AWAY.test(code)) return true;
  if (PG_MESSAGES.some((text) => error.message.includes(text))) return true;
  return error instanceof AggregateError ? error.errors.some(isAway) : isAway(error.cause);
}

import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

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

/** Runs a statement that is asked so often that planning it counts; in a transaction of its own. */
export async function runPrepared<Row extends object>(
  dataSource: DataSource,
  { name, text }: Prepared,
  values: unknown[],
): Promise<Found<Row>> {
  const { rows, rowCount } = await poolOf(dataSource).query<Row>({ name, text, values });
  return { rows, rowCount: rowCount ?? 0 };
}

/** The pool behind a data source; TypeORM itself cannot name statements. */
function poolOf({ driver }: DataSource): Pool {
  if (driver.options.type !== 'postgres') throw new Error(`${driver.options.type} is no Postgres`);
  return (driver as PostgresDriver).master as Pool;
}

import pg from 'pg';

/** What was asked of Postgres by this process. */
export interface Asked {
  /** Statements, those that begin and end transactions among them. */
  queryCount: number;
  /** Rows that came back. */
  rowCount: number;
}

/** Counts all that this process asks of Postgres while `work` runs, through whichever connection. */
export async function countQueries(work: () => Promise<unknown>): Promise<Asked> {
  const asked: Asked = { queryCount: 0, rowCount: 0 };
  const original: unknown = Object.getOwnPropertyDescriptor(pg.Client.prototype, 'query')?.value;
  if (typeof original !== 'function') throw new Error('pg has no query to count');
  Object.defineProperty(pg.Client.prototype, 'query', {
    configurable: true,
    writable: true,
    value(this: pg.Client, ...parameters: unknown[]): unknown {
      asked.queryCount += 1;
      const answer: unknown = Reflect.apply(original, this, parameters);
      if (answer instanceof Promise) {
        void answer.then(
          ({ rows }: pg.QueryResult) => (asked.rowCount += rows.length),
          () => undefined,
        );
      }
      return answer;
    },
  });
  try {
    await work();
  } finally {
    Object.defineProperty(pg.Client.prototype, 'query', { configurable: true, writable: true, value: original });
  }
  return asked;
}

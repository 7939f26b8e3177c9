/** SQL: the column holds one of the words that the domain knows. */
export const oneOf = (column: string, words: readonly string[]): string =>
  `${column} IN (${words.map((word) => `'${word}'`).join(', ')})`;

/** SQL: the column is absent or finite. `x = x` would let NaN in, which Postgres holds equal to itself. */
export const finite = (column: string): string => `${column} > '-Infinity'::float8 AND ${column} < 'Infinity'::float8`;

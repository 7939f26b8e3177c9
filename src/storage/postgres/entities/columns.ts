import type { ValueTransformer } from 'typeorm';

/** Postgres gives bigint as text; ours stay below 2^53. */
export const integer: ValueTransformer = {
  to: (value?: number) => value,
  from: (value: string | null) => (value === null ? undefined : Number(value)),
};

/** SQL NULL is a missing value everywhere above the database. */
export const absent: ValueTransformer = {
  to: <T>(value?: T) => value ?? null,
  from: <T>(value: T | null) => value ?? undefined,
};

/** Column names of TypeORM's properties: `inputSizePx` is `input_size_px`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

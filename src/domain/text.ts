import { z } from 'zod';

/** Postgres cannot store NUL in text; unchecked it turns into a 500. */
const hasNoNul = (value: string) => !value.includes('\u0000');

/** Text from outside of at most `lengthMax` characters. */
export const boundedText = (lengthMax: number) =>
  z.string().min(1).max(lengthMax).refine(hasNoNul, { error: 'must not contain a NUL character' });

/** An unsigned integer that survives JSON and Postgres bigint. */
export const seedSchema = z.int().min(0);

/** RFC 3339 UTC, as every time on the wire. */
export const timestampSchema = z.iso.datetime();

/** SHA-256 in lower-case hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be 64 lower-case hexadecimal digits' });

/** What the id of a project looks like, as a pattern. */
export const PROJECT_ID = '[a-z][a-z0-9-]{1,62}';

/** A project: the tenant that owns jobs, datasets and models. */
export const projectIdSchema = z
  .string()
  .regex(new RegExp(`^${PROJECT_ID}$`), { error: 'must be 2 to 63 of a-z, 0-9 and -, starting with a letter' });

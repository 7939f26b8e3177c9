import { z } from 'zod';

/** Postgres integer. */
const VERSION_NUMBER_MAX = 2_147_483_647;

/** Name of a model, as in a job's `output.model`. */
export const modelIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'must be 1 to 63 of a-z, 0-9 and -' });

/** Number of a model version. */
export const versionNumberSchema = z.int().min(1).max(VERSION_NUMBER_MAX);

import { monotonicFactory } from 'ulid';
import { z } from 'zod';

/** The kind of resource an id names; it stands before the ULID. */
export type IdPrefix = 'ftj' | 'trl' | 'ds' | 'tsk';

const nextUlid = monotonicFactory();

/** A new id such as `ftj_01JD…`; ids of one process sort by creation. */
export const newId = (prefix: IdPrefix): string => `${prefix}_${nextUlid()}`;

/** What stands behind the prefix of an id, as a pattern: a ULID, in Crockford's base 32. */
export const ID_CHARACTERS = '[0-9A-HJKMNP-TV-Z]{26}';

/** An id that this service could have made. */
export const idSchema = (prefix: IdPrefix) =>
  z.string().regex(new RegExp(`^${prefix}_${ID_CHARACTERS}$`), { error: `must look like ${prefix}_<26 characters>` });

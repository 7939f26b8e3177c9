import { RequestInvalidError } from './errors/request-invalid.js';
import { pointerTo, type ViolationReason } from './errors/violation.js';

const DEPTH_MAX = 32;
const POLLUTING_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Postgres stores neither NUL in text nor half of a surrogate pair in jsonb. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/**
 * Refuses what a schema would not see: deep nesting, keys that reach prototypes (zod leaves them out of records
 * without a word), and text that the database cannot hold.
 *
 * @param root Where `request` stands in what the caller sent.
 * @throws {RequestInvalidError} FIELD_INVALID when it finds the first of them.
 */
export function assertPlainData(request: unknown, root: readonly PropertyKey[] = []): void {
  const open: { readonly value: unknown; readonly path: readonly PropertyKey[] }[] = [{ value: request, path: root }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && UNSTORABLE.test(value)) {
      refuse(path, 'BAD_FORMAT', 'must not contain NUL or half of a surrogate pair');
    }
    if (typeof value !== 'object' || value === null) continue;
    if (path.length - root.length >= DEPTH_MAX)
      refuse(root, 'OUT_OF_RANGE', `must be nested at most ${DEPTH_MAX} deep`);
    for (const [key, member] of Object.entries(value)) {
      if (POLLUTING_KEYS.has(key)) refuse([...path, key], 'UNKNOWN_FIELD', 'is not a known field');
      if (UNSTORABLE.test(key)) refuse(path, 'BAD_FORMAT', 'must not have a key with NUL or half of a surrogate pair');
      open.push({ value: member, path: [...path, Array.isArray(value) ? Number(key) : key] });
    }
  }
}

function refuse(path: readonly PropertyKey[], reason: ViolationReason, message: string): never {
  throw new RequestInvalidError('FIELD_INVALID', [{ pointer: pointerTo(path), reason, message, metadata: {} }]);
}

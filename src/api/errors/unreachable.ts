import type { Reason } from '../../domain/errors.js';

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/** SQLSTATE classes of a server that is away: 08 connection, 53 resources, 57P0x shutting down or starting. */
const SQLSTATE_AWAY = /^(08...|53...|57P0[1-5])$/;

/** What S3 servers answer while they are overloaded or starting. */
const S3_AWAY = new Set(['ServiceUnavailable', 'SlowDown', 'XMinioServerNotInitialized', 'RequestTimeout']);

/** What pg says, without a code, when a connection is lost or none comes free. */
const PG_MESSAGES = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Driver not Connected',
  'Cannot use a pool after calling end',
];

/**
 * Tells which store could not be reached, by the marks that drivers leave on their errors.
 *
 * @returns undefined when `error` is something else.
 */
export function unreachableStore(
  error: unknown,
): Extract<Reason, 'DATABASE_UNAVAILABLE' | 'STORAGE_UNAVAILABLE'> | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  if (S3_AWAY.has(code)) return 'STORAGE_UNAVAILABLE';
  if (SQLSTATE_AWAY.test(code) || PG_MESSAGES.some((text) => error.message.includes(text)))
    return 'DATABASE_UNAVAILABLE';
  // A socket's own error does not tell whose it was; the object store marks its errors as a DomainError of storage.
  if (NETWORK_CODES.has(code)) return 'DATABASE_UNAVAILABLE';
  if (error instanceof AggregateError) return error.errors.map(unreachableStore).find((store) => store !== undefined);
  return unreachableStore(error.cause);
}

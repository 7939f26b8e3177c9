import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain/errors.js';

const sign = (secret: string, scope: string): Buffer => createHmac('sha256', secret).update(`worker:${scope}`).digest();

/** A token that lets its holder work on the tasks of one scope, and nothing else. */
export const mintWorkerToken = (secret: string, scope: string): string =>
  `${Buffer.from(scope).toString('base64url')}.${sign(secret, scope).toString('base64url')}`;

/**
 * @returns the scope that `token` is bound to.
 * @throws {DomainError} WORKER_TOKEN_INVALID; the message does not repeat the token.
 */
export function verifyWorkerToken(secret: string, token: string | undefined): string {
  const [encodedScope = '', encodedSignature = ''] = (token ?? '').split('.');
  const scope = Buffer.from(encodedScope, 'base64url').toString();
  const given = Buffer.from(encodedSignature, 'base64url');
  const expected = sign(secret, scope);
  if (given.length === expected.length && timingSafeEqual(given, expected)) return scope;
  throw new DomainError('WORKER_TOKEN_INVALID', 'The worker token is missing or was not made by this coordinator.');
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain/errors.js';

/** What a token says: its holder may work on the tasks of one scope, and nothing else, for a while. */
export interface WorkerTokenClaims {
  readonly scope: string;
  readonly expiresAtSeconds: number;
}

/** How far the clocks of coordinators may be apart. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Makes and checks the tokens of workers: all coordinators have the same secret. Only their clocks count, not a worker's. */
export class WorkerTokens {
  constructor(
    private readonly secret: string,
    private readonly lifeSeconds: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** A token for the tasks of `scope`, that ends a life from now. */
  mint(scope: string): string {
    const claims = { scope, expiresAtSeconds: Math.floor(this.nowMs() / 1000 + this.lifeSeconds) };
    return [Buffer.from(scope).toString('base64url'), claims.expiresAtSeconds, this.sign(claims)].join('.');
  }

  /**
   * Reads a token.
   *
   * @throws {DomainError} WORKER_TOKEN_INVALID when it is forged or has expired; the message does not repeat it.
   */
  verify(token: string | undefined): WorkerTokenClaims {
    const [encodedScope = '', expiry = '', signature = ''] = (token ?? '').split('.');
    const claims = { scope: Buffer.from(encodedScope, 'base64url').toString(), expiresAtSeconds: Number(expiry) };
    if (!isEqual(signature, this.sign(claims))) {
      throw refused('The worker token is missing or was not made by this coordinator.');
    }
    if (this.nowMs() / 1000 <= claims.expiresAtSeconds + CLOCK_TOLERANCE_SECONDS) return claims;
    const expiredAt = new Date(claims.expiresAtSeconds * 1000).toISOString();
    throw refused(
      `The worker token expired at ${expiredAt}: the worker asked for no task, and kept none, for too long.`,
    );
  }

  /** Another token for the same scope; undefined while more than half of the life of the one at hand is left. */
  renew({ scope, expiresAtSeconds }: WorkerTokenClaims): string | undefined {
    return expiresAtSeconds - this.nowMs() / 1000 > this.lifeSeconds / 2 ? undefined : this.mint(scope);
  }

  private sign({ scope, expiresAtSeconds }: WorkerTokenClaims): string {
    return createHmac('sha256', this.secret).update(`worker:${expiresAtSeconds}:${scope}`).digest('base64url');
  }
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const refused = (message: string): DomainError => new DomainError('WORKER_TOKEN_INVALID', message);

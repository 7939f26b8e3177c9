import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../api/errors/refusal.js';
import { rpcStatusOf } from '../../api/errors/rpc-status.js';
import { DomainError } from '../../domain/errors.js';
import type { Reason } from '../../domain/reasons.js';
import { controlFailure, type ControlTrouble, troubleOf } from './control-failure.js';

/** An error that the coordinator answered, as the client sees it. */
const answered = (reason: Reason, metadata = {}) =>
  Object.assign(new Error(), rpcStatusOf(refusalOf(new DomainError(reason, 'so it was', metadata)), 'req-1'));

/** An error that no coordinator answered, as the client sees it. */
const bare = (code: status) => Object.assign(new Error(), { code, details: '', metadata: new Metadata() });

describe('a failed call to the coordinator', () => {
  it('ends with the reason, message and metadata that the coordinator gave', () => {
    const failure = controlFailure(answered('ARTIFACT_CORRUPT', { uri: 's3://b/k' }));
    expect(failure).toBeInstanceOf(DomainError);
    expect(failure).toMatchObject({ reason: 'ARTIFACT_CORRUPT', message: 'so it was', metadata: { uri: 's3://b/k' } });
  });

  it('never ends a job because of a request that this worker made', () => {
    const refusal = answered('FIELD_INVALID');
    expect(controlFailure(refusal)).toBe(refusal);
  });

  it('takes a refused token for one, whoever refused it', () => {
    expect(controlFailure(bare(status.UNAUTHENTICATED))).toMatchObject({ reason: 'WORKER_TOKEN_INVALID' });
    expect(controlFailure(answered('WORKER_SCOPE_FOREIGN'))).toMatchObject({ reason: 'WORKER_SCOPE_FOREIGN' });
  });

  it.each<[Reason, ControlTrouble]>([
    ['DATABASE_UNAVAILABLE', 'AWAY'],
    ['STORAGE_UNAVAILABLE', 'AWAY'],
    ['INTERNAL', 'TROUBLED'],
    ['ARTIFACT_CORRUPT', 'REFUSED'],
    ['WORKER_TOKEN_INVALID', 'REFUSED'],
    ['FIELD_INVALID', 'REFUSED'],
  ])('is, with %s, %s', (reason, trouble) => {
    expect(troubleOf(controlFailure(answered(reason)))).toBe(trouble);
  });

  it.each<[status, ControlTrouble]>([
    [status.UNAVAILABLE, 'AWAY'],
    [status.DEADLINE_EXCEEDED, 'AWAY'],
    [status.INTERNAL, 'TROUBLED'],
    [status.INVALID_ARGUMENT, 'REFUSED'],
  ])('is, with the bare code %i, %s', (code, trouble) => {
    expect(troubleOf(controlFailure(bare(code)))).toBe(trouble);
  });
});

import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../domain/errors.js';
import { Database } from './database.js';

const errorWith = (members: object, message = 'connect') => Object.assign(new Error(message), members);

/** What a caller of storage sees of an error that the driver has thrown. */
const seen = (error: unknown): Promise<unknown> => {
  const database = new Database(new DataSource({ type: 'postgres' }));
  return database.entities(vi.fn().mockRejectedValue(error)).catch((thrown: unknown) => thrown);
};

describe('the database', () => {
  it.each([
    ['a refused connection', errorWith({ code: 'ECONNREFUSED' })],
    ['a server that is shutting down', errorWith({ code: '57P01' })],
    ['no free connection', errorWith({}, 'timeout exceeded when trying to connect')],
    ['both addresses of a name refused', new AggregateError([errorWith({ code: 'ECONNREFUSED' })])],
    ['a driver error inside another', new Error('query failed', { cause: errorWith({ code: 'ECONNRESET' }) })],
  ])('is unavailable after %s', async (_what, error) => {
    expect(await seen(error)).toMatchObject({ reason: 'DATABASE_UNAVAILABLE', cause: error });
  });

  it.each([
    ['a broken statement', errorWith({ code: '42703' })],
    ['a broken constraint', errorWith({ code: '23505' })],
    ['a bug', new TypeError('x is not a function')],
    ['no error', 'text'],
    [
      'a store that could not be reached meanwhile',
      new DomainError('STORAGE_UNAVAILABLE', 'away', {}, { cause: errorWith({ code: 'ECONNREFUSED' }) }),
    ],
  ])('is not to blame for %s', async (_what, error) => {
    expect(await seen(error)).toBe(error);
  });

  it('is unavailable in every way of asking', async () => {
    const database = new Database(new DataSource({ type: 'postgres' }));
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject({
      reason: 'DATABASE_UNAVAILABLE',
    });
  });
});

import { describe, expect, it } from 'vitest';
import { unreachableStore } from './unreachable.js';

const errorWith = (members: object, message = 'connect') => Object.assign(new Error(message), members);

describe('unreachableStore', () => {
  it.each([
    ['a refused connection', errorWith({ code: 'ECONNREFUSED' })],
    ['a server that is shutting down', errorWith({ code: '57P01' })],
    ['no free connection', errorWith({}, 'timeout exceeded when trying to connect')],
    ['both addresses of a name refused', new AggregateError([errorWith({ code: 'ECONNREFUSED' })])],
    ['a driver error inside another', new Error('query failed', { cause: errorWith({ code: 'ECONNRESET' }) })],
  ])('sees a lost database in %s', (_what, error) => {
    expect(unreachableStore(error)).toBe('DATABASE_UNAVAILABLE');
  });

  it('sees lost storage in an overloaded server', () => {
    expect(unreachableStore(errorWith({ code: 'SlowDown' }))).toBe('STORAGE_UNAVAILABLE');
  });

  it.each([
    ['a broken statement', errorWith({ code: '42703' })],
    ['a broken constraint', errorWith({ code: '23505' })],
    ['a bug', new TypeError('x is not a function')],
    ['no error', 'text'],
  ])('sees nothing in %s', (_what, error) => {
    expect(unreachableStore(error)).toBeUndefined();
  });
});

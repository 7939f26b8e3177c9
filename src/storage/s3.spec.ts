import { expect, it } from 'vitest';
import { reached } from './s3.js';

const errorWith = (code: string) => Object.assign(new Error('connect'), { code });

it.each(['SlowDown', 'ServiceUnavailable', 'RequestTimeout', 'XMinioServerNotInitialized', 'ECONNREFUSED'])(
  'sees lost storage in a server that answers %s',
  async (code) => {
    const answer = reached(Promise.reject(errorWith(code)));
    await expect(answer).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE', metadata: { code } });
  },
);

it('throws what the server refuses for good as it is', async () => {
  const error = errorWith('AccessDenied');
  await expect(reached(Promise.reject(error))).rejects.toBe(error);
});

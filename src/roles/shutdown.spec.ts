import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogger } from '../observability/logger.js';
import { closeAll } from './shutdown.js';

const logger = createLogger('test', 'silent');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('closes what comes after a thing that never closes, and says which did not', async () => {
  const error = vi.spyOn(logger, 'error');
  const stuck = { name: 'api', close: () => new Promise<void>(() => undefined) };
  const next = { name: 'embedded Postgres', close: vi.fn(() => Promise.resolve()) };
  const closed = closeAll([stuck, next], logger);
  await vi.advanceTimersByTimeAsync(40_000);
  expect(await closed).toBe(false);
  expect(next.close).toHaveBeenCalledOnce();
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ name: 'api' }), 'closing failed');
});

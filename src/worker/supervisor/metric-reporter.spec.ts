import { describe, expect, it } from 'vitest';
import { MetricReporter } from './metric-reporter.js';

const valueOf = (epoch: number) => ({ name: 'train_loss', epoch, value: 1 / epoch });

describe('MetricReporter', () => {
  it('sends one call at a time, and what came meanwhile with the next', async () => {
    const sent: number[][] = [];
    let sendingCount = 0;
    const reporter = new MetricReporter({
      send: async (values) => {
        expect((sendingCount += 1)).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        sendingCount -= 1;
        sent.push(values.map(({ epoch }) => epoch));
      },
      onFailure: (error) => expect.unreachable(String(error)),
    });
    for (const epoch of [1, 2, 3]) reporter.report([valueOf(epoch)]);
    await reporter.flush();
    reporter.report([valueOf(4)]);
    await reporter.flush();
    expect(sent).toEqual([[1], [2, 3], [4]]);
  });

  it('says once that values cannot be delivered, and sends no more', async () => {
    const failures: unknown[] = [];
    const reporter = new MetricReporter({
      send: () => Promise.reject(new Error('the lease is lost')),
      onFailure: (error) => failures.push(error),
    });
    reporter.report([valueOf(1)]);
    await reporter.flush();
    reporter.report([valueOf(2)]);
    await reporter.flush();
    expect(failures).toEqual([new Error('the lease is lost')]);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { SourceLinks } from './source-links.js';

const keys = Array.from({ length: 5000 }, (_, index) => `k${index}`);
const aheadOf = (index: number) => () => keys.slice(index, index + 256);

function signer() {
  let signCount = 0;
  return vi.fn((wanted: readonly string[]) => {
    signCount += 1;
    return Promise.resolve(wanted.map((key) => `${key}#${signCount}`));
  });
}

describe('SourceLinks', () => {
  it('signs once for many keys that are wanted at the same time', async () => {
    const sign = signer();
    const links = new SourceLinks(sign);
    const taken = await Promise.all(keys.slice(0, 16).map((key, index) => links.take(key, aheadOf(index))));
    expect(taken).toEqual(keys.slice(0, 16).map((key) => `${key}#1`));
    expect(sign).toHaveBeenCalledTimes(1);
  });

  it('gives a new link each time it is requested', async () => {
    const links = new SourceLinks(signer());
    expect(await links.take('k0', aheadOf(0))).toBe('k0#1');
    expect(await links.take('k0', aheadOf(0))).toBe('k0#2');
  });

  it('gives no link that is older than five minutes', async () => {
    const links = new SourceLinks(signer());
    await links.take('k0', aheadOf(0));
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 300_001);
    expect(await links.take('k1', aheadOf(1))).toBe('k1#2');
    now.mockRestore();
  });

  it('forgets the oldest of what was signed and never taken', async () => {
    const sign = signer();
    const links = new SourceLinks(sign);
    for (let index = 0; index < keys.length; index += 250) await links.take(keys[index] ?? '', aheadOf(index));
    const signCount = sign.mock.calls.length;
    await links.take('k1', aheadOf(1));
    expect(sign).toHaveBeenCalledTimes(signCount + 1);
    await links.take('k4700', aheadOf(4700));
    expect(sign).toHaveBeenCalledTimes(signCount + 1);
  });

  it('fails when it gets fewer links than keys, and when none can be got', async () => {
    await expect(new SourceLinks(() => Promise.resolve([])).take('k0', aheadOf(0))).rejects.toThrow('got 0');
    const lost = new SourceLinks(() => Promise.reject(new Error('lost')));
    await expect(Promise.all([lost.take('k0', aheadOf(0)), lost.take('k1', aheadOf(1))])).rejects.toThrow('lost');
  });
});

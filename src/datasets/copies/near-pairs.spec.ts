import { describe, expect, it } from 'vitest';
import { randomStream } from '../../random/random-stream.js';
import { visitNearPairs } from './near-pairs.js';

const pause = () => Promise.resolve();

async function pairsOf(hashes: Uint32Array): Promise<Set<string>> {
  const found = new Set<string>();
  await visitNearPairs(hashes, (a, b) => found.add(`${Math.min(a, b)}-${Math.max(a, b)}`), pause);
  return found;
}

describe('visitNearPairs', () => {
  it('finds hashes that differ in few bits among many that do not', async () => {
    const draw = randomStream('hashes');
    const count = 20_000;
    const hashes = Uint32Array.from({ length: count * 2 }, () => draw() * 2 ** 32);
    for (let copy = 0; copy < 1000; copy++) {
      for (const half of [0, 1]) hashes[(10_000 + copy) * 2 + half] = hashes[copy * 2 + half] ?? 0;
      for (let flip = 0; flip < 8; flip++) {
        const bit = Math.floor(draw() * 64);
        const word = (10_000 + copy) * 2 + (bit >> 5);
        hashes[word] = ((hashes[word] ?? 0) ^ (1 << (bit & 31))) >>> 0;
      }
    }
    const found = await pairsOf(hashes);
    const missing = Array.from({ length: 1000 }, (_, copy) => copy).filter(
      (copy) => !found.has(`${copy}-${10_000 + copy}`),
    );
    expect(missing.length).toBeLessThan(10);
    expect(found.size).toBeLessThan(1_100);
  });

  it('does work in proportion to the images, also where all have one hash', async () => {
    let visitCount = 0;
    await visitNearPairs(new Uint32Array(5_000 * 2), () => (visitCount += 1), pause);
    expect(visitCount).toBeLessThanOrEqual(5_000 * 16 * 32);
  });
});

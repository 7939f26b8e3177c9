/** Numbers uniform in [0, 1), with 32 random bits each. */
export type RandomStream = () => number;

/**
 * A stream that depends on its key alone, so that no draw of one purpose moves those of another: all randomness of the
 * service but the search's own, whose recorded histories rest on another generator (`search/rng.ts`).
 *
 * @param key Names the purpose and everything it varies with, such as `684/shuffle/3`.
 * @see sfc32 by Chris Doty-Humphrey (PractRand); FNV-1a spreads the key over its state.
 */
export function randomStream(key: string): RandomStream {
  let [a, b, c, counter] = [fnv1a(key), fnv1a(`${key}/b`), fnv1a(`${key}/c`), 1];
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The author's count of rounds until the state is mixed.
  for (let round = 0; round < 12; round++) next();
  return next;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

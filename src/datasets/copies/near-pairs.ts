import { hammingDistance } from './perceptual-hash.js';

/** The hash is turned by so many bits, so many times: each turn brings another run of bits to the front. */
const TURN_BITS = 4;
const TURN_COUNT = 64 / TURN_BITS;
/** How many of those that follow in a turn's order each image is compared with. */
const WINDOW_LENGTH = 32;
/** Bits in which the hashes of a pair may differ. */
const DISTANCE_MAX = 12;
/** Images between two pauses: some 10 ms. */
const PIECE_LENGTH = 10_000;

/**
 * Visits pairs of images with hashes that differ in few bits: mostly all of them, some more than once.
 *
 * Images are sorted by the hash, turned, and each is compared with the next 32; copies that agree in the first bits of a
 * turn stand beside each other there. With 64 bits and 16 turns, two that differ in 8 scattered bits share 20 bits in a row,
 * which among millions is enough to be neighbours. The work grows as n log n however alike the images are, and so does not
 * the memory: 4 bytes an image. Equal hashes are ordered by number, so the pairs follow from the hashes alone.
 *
 * @param hashes [count, 2]
 * @param pause Awaited now and then, so that others run.
 * @see Charikar, Similarity estimation techniques from rounding algorithms (2002), section 3; Manku, Jain and Das Sarma (2007).
 */
export async function visitNearPairs(
  hashes: Uint32Array,
  visit: (a: number, b: number) => void,
  pause: () => Promise<void>,
): Promise<void> {
  const count = hashes.length / 2;
  const order = new Uint32Array(count);
  for (let turn = 0; turn < TURN_COUNT; turn++) {
    for (let index = 0; index < count; index++) order[index] = index;
    order.sort(turnedOrder(hashes, turn * TURN_BITS));
    for (let place = 0; place < count; place++) {
      if (place % PIECE_LENGTH === 0) await pause();
      const a = order[place] ?? 0;
      const end = Math.min(count, place + 1 + WINDOW_LENGTH);
      for (let other = place + 1; other < end; other++) {
        const b = order[other] ?? 0;
        if (distanceOf(hashes, a, b) <= DISTANCE_MAX) visit(a, b);
      }
    }
  }
}

function distanceOf(hashes: Uint32Array, a: number, b: number): number {
  return hammingDistance(hashes[a * 2] ?? 0, hashes[a * 2 + 1] ?? 0, hashes[b * 2] ?? 0, hashes[b * 2 + 1] ?? 0);
}

/** Orders images by their hashes, turned to the left by so many bits. */
function turnedOrder(hashes: Uint32Array, bits: number): (a: number, b: number) => number {
  const [first, second] = bits < 32 ? [0, 1] : [1, 0];
  const shift = bits % 32;
  const turned = (index: number, half: number, next: number) => {
    const word = hashes[index * 2 + half] ?? 0;
    // A shift by 32 is one by 0.
    return shift === 0 ? word : ((word << shift) | ((hashes[index * 2 + next] ?? 0) >>> (32 - shift))) >>> 0;
  };
  return (a, b) =>
    turned(a, first, second) - turned(b, first, second) || turned(a, second, first) - turned(b, second, first) || a - b;
}

/**
 * Visits neighbours among images with equal keys: in a group of n equal ones, n - 1 pairs.
 *
 * @param keys [count, width] words.
 */
export function visitEqualPairs(keys: Uint32Array, width: number, visit: (a: number, b: number) => void): void {
  const compare = (a: number, b: number) => {
    for (let word = 0; word < width; word++) {
      const difference = (keys[a * width + word] ?? 0) - (keys[b * width + word] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const order = Uint32Array.from({ length: keys.length / width }, (_, index) => index);
  order.sort((a, b) => compare(a, b) || a - b);
  for (let place = 1; place < order.length; place++) {
    const [a = 0, b = 0] = order.subarray(place - 1, place + 1);
    if (compare(a, b) === 0) visit(a, b);
  }
}

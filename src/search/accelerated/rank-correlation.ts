/**
 * Spearman's rank correlation of two figures: Pearson's correlation of their ranks, where equals have the mean of theirs.
 *
 * @param pairs Both figures of each candidate.
 * @returns -1 to 1; undefined where a figure is the same for all, or nothing is given.
 */
export function rankCorrelation(pairs: readonly (readonly [number, number])[]): number | undefined {
  const [first, second] = [ranksOf(pairs.map(([a]) => a)), ranksOf(pairs.map(([, b]) => b))];
  const middle = (pairs.length - 1) / 2;
  const products = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, rank, index) => sum + (rank - middle) * ((b[index] ?? 0) - middle), 0);
  const spread = Math.sqrt(products(first, first) * products(second, second));
  return spread > 0 ? Math.min(1, Math.max(-1, products(first, second) / spread)) : undefined;
}

/** The place of each value in ascending order, from 0; equals have the mean of their places. */
function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const smaller = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return smaller + (equal - 1) / 2;
  });
}

/**
 * The standard deviation between trainings that differ in their seed alone: pooled over groups that have means of their
 * own, √(Σ (x - mean of its group)² / Σ (size of the group - 1)).
 *
 * @param groups The same figure of each seed, one group per trial.
 * @returns undefined when no group has two seeds.
 */
export function pooledSeedDeviation(groups: readonly (readonly number[])[]): number | undefined {
  const freedom = sumOf(groups.map(({ length }) => Math.max(0, length - 1)));
  if (freedom === 0) return undefined;
  const squares = groups.map((group) => {
    const mean = sumOf(group) / group.length;
    return sumOf(group.map((value) => (value - mean) ** 2));
  });
  return Math.sqrt(sumOf(squares) / freedom);
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The best candidates, none twice. @param {readonly { lrMultipliers: number[], fitness: number }[]} tried */
export function bestOf(tried, count) {
  const ranked = tried.toSorted((a, b) => a.fitness - b.fitness).map(({ lrMultipliers }) => lrMultipliers);
  return [...new Map(ranked.map((candidate) => [candidate.join(), candidate])).values()].slice(0, count);
}

/**
 * Charges a unit for the candidates that were tried before its job, and not for those that the job has tried again. Its
 * estimate, and what it is held against, are of that job alone, so it has neither.
 */
export function withTried(measured, tried) {
  const { estimatedMultiplyAccumulates: _estimate, multiplyAccumulates: _taken, ...unit } = measured;
  const sum = (figure) => tried.reduce((total, each) => total + each[figure], 0);
  const searched = sum('multiplyAccumulates');
  const { trainSeconds: _ofTheLastJob, ...cost } = unit.costs.BIOTUNE;
  return {
    ...unit,
    wallSeconds: unit.wallSeconds + sum('wallSeconds'),
    searchMultiplyAccumulates: searched,
    costs: {
      ...unit.costs,
      BIOTUNE: {
        ...cost,
        multiplyAccumulates: cost.multiplyAccumulates - unit.searchMultiplyAccumulates + searched,
      },
    },
  };
}

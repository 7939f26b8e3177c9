import { settingFeatures } from '../settings-space.js';
import type { Candidate, CandidateSpace } from './candidate.js';
import { blocksOf } from './candidate-blocks.js';

/** How a candidate that has not been tried is expected to do. */
export interface Expectation {
  readonly fitness: number;
  /** The standard deviation of `fitness`, in units of what tried candidates differ by. */
  readonly deviation: number;
}

/** What decides which features candidates have. */
export type FeatureSpace = Pick<CandidateSpace, 'settings' | 'usesNormState' | 'usesGradientPick'>;

/** Weights are expected within this many deviations of the fitnesses, apart from each other. */
const PRIOR_DEVIATION = 0.5;
/** What of a fitness is luck, in deviations of the fitnesses: the same candidate with another seed has another. */
const NOISE_DEVIATION = 0.7;

/**
 * A Bayesian linear model of fitness on masks, logarithms of rates, what else blocks do, and open settings. It knows little, and says so: beside a few dozen
 * trainings a richer model would believe in luck.
 *
 * Plain sums, products and square roots in a fixed order: the same bits on every engine.
 */
export class Surrogate {
  private readonly mean: number;
  private readonly scale: number;
  private readonly factor: readonly (readonly number[])[];
  private readonly weights: readonly number[];

  /** @param tried At least one candidate, all of one space, each with its fitness. */
  constructor(
    tried: readonly { readonly candidate: Candidate; readonly fitness: number }[],
    private readonly space: FeatureSpace,
  ) {
    const fitnesses = tried.map(({ fitness }) => fitness);
    this.mean = sumOf(fitnesses) / fitnesses.length;
    const variance = sumOf(fitnesses.map((fitness) => (fitness - this.mean) ** 2)) / fitnesses.length;
    this.scale = Math.sqrt(variance) || 1;
    const rows = tried.map(({ candidate }) => featuresOf(candidate, space));
    const targets = fitnesses.map((fitness) => (fitness - this.mean) / this.scale);
    const noise = NOISE_DEVIATION ** 2;
    const precision = (rows[0] ?? []).map((_, i) =>
      (rows[0] ?? []).map(
        (__, j) =>
          sumOf(rows.map((row) => (row[i] ?? 0) * (row[j] ?? 0))) / noise + (i === j ? PRIOR_DEVIATION ** -2 : 0),
      ),
    );
    this.factor = cholesky(precision);
    const pulled = precision.map(
      (_, i) => sumOf(rows.map((row, index) => (row[i] ?? 0) * (targets[index] ?? 0))) / noise,
    );
    this.weights = solveUpper(this.factor, solveLower(this.factor, pulled));
  }

  expect(candidate: Candidate): Expectation {
    const features = featuresOf(candidate, this.space);
    const fitness = this.mean + this.scale * sumOf(features.map((value, i) => value * (this.weights[i] ?? 0)));
    const spread = solveLower(this.factor, features);
    return { fitness, deviation: this.scale * Math.sqrt(sumOf(spread.map((value) => value * value))) };
  }
}

/**
 * Per block whether it trains, and by how many powers of two it differs from the base's rate; a 1 for the level; where blocks
 * may train so, per block whether its norms and biases alone do; where there is a pick of the gradients, whether rates go by
 * them; then the open settings.
 */
const featuresOf = (
  candidate: Candidate,
  { settings: space, usesNormState, usesGradientPick }: FeatureSpace,
): number[] => {
  const { rates, norms, usesGradientRates } = blocksOf(candidate);
  return [
    1,
    ...rates.map((rate) => (rate > 0 ? 1 : 0)),
    ...rates.map((rate) => (rate > 0 ? powersOfTwo(rate) : 0)),
    ...(usesNormState === true ? norms.map(Number) : []),
    ...(usesGradientPick === true ? [Number(usesGradientRates)] : []),
    ...(space === undefined ? [] : settingFeatures(candidate.settings ?? {}, space)),
  ];
};

/** Rounded so far that no engine's last bit is left. */
const powersOfTwo = (rate: number): number => Math.round(Math.log2(rate) * 1e6) / 1e6;

/** The lower triangle L of a positive definite matrix L Lᵀ. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = matrix.map((row) => row.map(() => 0));
  for (const [i, row] of lower.entries()) {
    for (let j = 0; j <= i; j += 1) {
      const other = lower[j] ?? [];
      const rest = (matrix[i]?.[j] ?? 0) - sumOf(row.slice(0, j).map((value, k) => value * (other[k] ?? 0)));
      row[j] = i === j ? Math.sqrt(rest) : rest / (other[j] ?? 1);
    }
  }
  return lower;
}

/** x of L x = b. */
function solveLower(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x: number[] = [];
  for (const [i, row] of lower.entries()) {
    x.push(((b[i] ?? 0) - sumOf(x.map((value, k) => value * (row[k] ?? 0)))) / (row[i] ?? 1));
  }
  return x;
}

/** x of Lᵀ x = b. */
function solveUpper(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x = b.map(() => 0);
  for (let i = b.length - 1; i >= 0; i -= 1) {
    const known = sumOf(x.slice(i + 1).map((value, k) => value * (lower[i + 1 + k]?.[i] ?? 0)));
    x[i] = ((b[i] ?? 0) - known) / (lower[i]?.[i] ?? 1);
  }
  return x;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

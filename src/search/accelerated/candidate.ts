import { canonicalJson } from '../../domain/canonical-json.js';
import type { BlockRule } from '../../domain/job/genome.js';
import type { TrialSettings } from '../../domain/job/trial.js';
import type { Rng } from '../rng.js';
import { defaultSettings, drawSettings, type SettingsSpace } from '../settings-space.js';
import { type Blocks, drawNorms, nearestNorms, withBlocks } from './candidate-blocks.js';
import { drawRates, nearestRates, type Rates } from './rates.js';

/** What an accelerated search tries. */
export interface Candidate {
  readonly lrMultipliers: Rates;
  /**
   * The settings that the search leaves open, each with a value, and what blocks do beside their rates; absent where there are
   * neither.
   */
  readonly settings?: TrialSettings;
}

/** What candidates may be. */
export interface CandidateSpace {
  /** What may become of each block, input side first; the last holds the head. */
  readonly rules: readonly BlockRule[];
  /** Absent where candidates differ in their blocks alone. */
  readonly settings?: SettingsSpace | undefined;
  /** Whether blocks may train with their norms and biases alone; they are frozen or train whole when absent. */
  readonly usesNormState?: boolean | undefined;
  /** Whether there are candidates whose rates also go by relative gradient norms; there are none when absent. */
  readonly usesGradientPick?: boolean | undefined;
}

/**
 * The candidate with these rates and open settings.
 *
 * @param blocks Their rates are of the space; their states are what is asked for.
 */
export function candidateOf(
  blocks: Blocks,
  settings: TrialSettings | undefined,
  { rules }: Pick<CandidateSpace, 'rules'>,
): Candidate {
  const all = withBlocks({ ...blocks, norms: nearestNorms(blocks, rules) }, settings);
  return { lrMultipliers: blocks.rates, ...(all !== undefined && { settings: all }) };
}

/** The nearest rates to those that are asked for, with the settings that `training` and `data` have. */
export const candidateAt = (asked: Rates, { rules, settings }: CandidateSpace): Candidate => ({
  lrMultipliers: nearestRates(asked, rules),
  ...(settings !== undefined && { settings: defaultSettings(settings) }),
});

/**
 * The pick of the gradients: the head is kept, and what the body's tensors are given of the base's rate goes by their relative
 * gradient norms, so that data choose where to train without a trial (Lee et al., arXiv 2210.11466).
 */
export const gradientPick = ({ rules, settings }: CandidateSpace): Candidate => {
  const body = rules.map((_, block) => (block < rules.length - 1 ? 1 : 0));
  const blocks = { rates: nearestRates(body, rules), norms: [], usesGradientRates: true };
  return candidateOf(blocks, settings && defaultSettings(settings), { rules });
};

/** Draws rates, then settings, then which blocks train with their norms and biases alone. */
export function drawCandidate({ rules, settings, usesNormState = false }: CandidateSpace, rng: Rng): Candidate {
  const rates = drawRates(rules, rng);
  const drawn = settings && drawSettings(settings, rng);
  const norms = usesNormState ? drawNorms(rules.length, rng) : [];
  return candidateOf({ rates, norms, usesGradientRates: false }, drawn, { rules });
}

/** Whether anything learns after the head has been probed. */
export const trains = ({ lrMultipliers }: Candidate): boolean => lrMultipliers.some((rate) => rate > 0);

/** Names a candidate: two with one name are trained alike. */
export const keyOf = ({ lrMultipliers, settings = {} }: Candidate): string =>
  `${lrMultipliers.join()} ${canonicalJson(settings)}`;

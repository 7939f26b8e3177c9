import { canonicalJson } from '../../domain/canonical-json.js';
import type { BlockRule } from '../../domain/job/genome.js';
import type { TrialSettings } from '../../domain/job/trial.js';
import type { Rng } from '../rng.js';
import { defaultSettings, drawSettings, type SettingsSpace } from '../settings-space.js';
import { drawRates, nearestRates, type Rates } from './rates.js';

/** What an accelerated search tries. */
export interface Candidate {
  readonly lrMultipliers: Rates;
  /** The settings that the search leaves open, each with a value; absent where it leaves none open. */
  readonly settings?: TrialSettings;
}

/** What candidates may be. */
export interface CandidateSpace {
  /** What may become of each block, input side first; the last holds the head. */
  readonly rules: readonly BlockRule[];
  /** Absent where candidates differ in their blocks alone. */
  readonly settings?: SettingsSpace | undefined;
}

/** The nearest rates to those that are asked for, with the settings that `training` and `data` have. */
export const candidateAt = (asked: Rates, { rules, settings }: CandidateSpace): Candidate => ({
  lrMultipliers: nearestRates(asked, rules),
  ...(settings !== undefined && { settings: defaultSettings(settings) }),
});

/** Draws rates, then settings. */
export const drawCandidate = ({ rules, settings }: CandidateSpace, rng: Rng): Candidate => ({
  lrMultipliers: drawRates(rules, rng),
  ...(settings !== undefined && { settings: drawSettings(settings, rng) }),
});

/** Whether anything learns after the head has been probed. */
export const trains = ({ lrMultipliers }: Candidate): boolean => lrMultipliers.some((rate) => rate > 0);

/** Names a candidate: two with one name are trained alike. */
export const keyOf = ({ lrMultipliers, settings = {} }: Candidate): string =>
  `${lrMultipliers.join()} ${canonicalJson(settings)}`;

import { canonicalJson } from '../../domain/canonical-json.js';
import type { Phenotype } from '../equal-trials.js';

/**
 * Whether two candidates differ in one block at most: in its rate, or in whether it trains. What a few hundred images like of
 * one they mostly like of the other, so that both together say little more than one.
 */
export function areRelatives(a: Phenotype, b: Phenotype): boolean {
  const differing = a.lrMultipliers.filter((rate, block) => rate !== b.lrMultipliers[block]);
  return differing.length <= 1 && canonicalJson(a.settings ?? {}) === canonicalJson(b.settings ?? {});
}

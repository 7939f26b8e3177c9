import type { Resolution } from '../domain/job-result.js';
import type { ScoredFinalist } from './finals.js';
import type { JobContext } from './job-context.js';
import { methodsOf } from './methods.js';
import { resolutionWarnings } from './search-resolution.js';

/**
 * What a reader of a job's result should know.
 *
 * @param scored Best on validation first.
 */
export function warningsOf(
  context: JobContext,
  scored: readonly ScoredFinalist[],
  resolution: Resolution | undefined,
): string[] {
  const { spec } = context.job;
  const missing = methodsOf(spec).filter((method) => !scored.some(({ trial }) => trial.method === method));
  return [
    ...(resolution === undefined ? [] : resolutionWarnings(resolution)),
    ...missing.map(
      (method) => `${method} is missing: none of its candidates could be trained, or the search ended before.`,
    ),
    ...(spec.finals.seedCount > 1
      ? []
      : [
          'finals.seedCount is 1: intervals speak of these models alone, and another seed may order the methods otherwise.',
        ]),
    ...frozenBlockWarnings(context, scored),
  ];
}

/** Constraints bind genomes; a baseline that was better may train what they freeze. */
function frozenBlockWarnings({ job, baseModel }: JobContext, [delivered]: readonly ScoredFinalist[]): string[] {
  if (delivered === undefined) return [];
  const { method, lrMultipliers } = delivered.trial;
  const frozen = job.spec.search.blockConstraints.filter(({ policy }) => policy === 'FREEZE');
  const trained = frozen
    .map(({ blockId }) => blockId)
    .filter((blockId) => (lrMultipliers[baseModel.blocks.findIndex(({ id }) => id === blockId)] ?? 0) > 0);
  if (trained.length === 0) return [];
  return [
    `The delivered ${method} trains ${trained.join(', ')}, which search.blockConstraints freezes: they bind BIOTUNE and RANDOM_SEARCH alone.`,
  ];
}

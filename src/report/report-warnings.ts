import type { InfeasibleCount } from '../domain/job/trial.js';
import type { Block } from '../domain/base-model.js';
import type { FineTuneJobSpec } from '../domain/job/fine-tune-job.js';
import type { Resolution } from '../domain/job/job-result.js';
import { type Method, METHODS, SOUP_METHOD, takesGenomes } from '../methods/method-table.js';
import type { ScoredFinalist } from './finalist.js';
import { reportedMethodsOf } from '../domain/job/methods-of-job.js';
import { resolutionWarnings } from './search-resolution.js';

/** What the warnings of a job follow from. */
export interface Outcome {
  readonly spec: FineTuneJobSpec;
  /** The blocks of the base model, input side first. */
  readonly blocks: readonly Block[];
  /** All finalists, in any order. */
  readonly ranked: readonly ScoredFinalist[];
  readonly delivered: ScoredFinalist;
  readonly resolution: Resolution | undefined;
  readonly infeasible: readonly InfeasibleCount[];
}

/** What a reader of a job's result should know. */
export function warningsOf({ spec, blocks, ranked, delivered, resolution, infeasible }: Outcome): string[] {
  const isMissing = (method: Method) => !ranked.some(({ trial }) => trial.method === method);
  const methods = reportedMethodsOf(spec).map((method) => ({ method, reasons: reasonsOf(infeasible, method) }));
  return [
    ...(resolution === undefined ? [] : resolutionWarnings(resolution)),
    ...methods.flatMap(({ method, reasons }) => {
      if (isMissing(method)) {
        if (method === SOUP_METHOD && reasons === '') {
          return [
            `${method} is missing: it needs two finalists of the search that could be trained at one image size.`,
          ];
        }
        const cause = reasons === '' ? 'or the search ended before' : reasons;
        return [`${method} is missing: none of its candidates could be trained and scored (${cause}).`];
      }
      return reasons === ''
        ? []
        : [`Candidates of ${method} have the worst fitness, as they cannot be trained (${reasons}).`];
    }),
    ...(spec.finals.seedCount > 1
      ? []
      : [
          'finals.seedCount is 1: intervals speak of these models alone, and another seed may order the methods otherwise.',
        ]),
    ...frozenBlockWarnings(spec, blocks, delivered),
  ];
}

const reasonsOf = (infeasible: readonly InfeasibleCount[], method: Method): string =>
  infeasible
    .filter((each) => each.method === method)
    .map(({ reason, count }) => `${reason}: ${count}`)
    .join(', ');

/** Constraints bind genomes; a baseline that was better may train what they freeze. */
function frozenBlockWarnings(
  { search }: FineTuneJobSpec,
  blocks: readonly Block[],
  { trial: { method, lrMultipliers } }: ScoredFinalist,
): string[] {
  const frozen = search.blockConstraints.filter(({ policy }) => policy === 'FREEZE');
  const trained = frozen
    .map(({ blockId }) => blockId)
    .filter((blockId) => (lrMultipliers[blocks.findIndex(({ id }) => id === blockId)] ?? 0) > 0);
  if (trained.length === 0) return [];
  return [
    `The delivered ${method} trains ${trained.join(', ')}, which search.blockConstraints freezes: they bind ${METHODS.filter(takesGenomes).join(' and ')} alone.`,
  ];
}

import { partCountOf } from '../../domain/dataset/division.js';
import type { TrialPhase } from '../../domain/job/trial.js';
import type { TrainSpec } from '../../domain/task.js';
import { type JobContext, partCountIn } from '../job-context.js';

/**
 * How the images of a training are divided: the next part for each seed, the same for all methods and candidates. A
 * confirmation validates on the last part, which a selection with few seeds does not choose by.
 *
 * @param seedIndex The place of the training's seed among those of its phase, from 0.
 */
export function divisionOf(context: JobContext, phase: TrialPhase, seedIndex: number): Pick<TrainSpec, 'division'> {
  const { job, dataset } = context;
  const { evaluation, search, finals } = job.spec;
  if (phase === 'SEARCH') {
    if (evaluation.division !== 'REDIVIDED') return {};
    // The seed makes the parts other ones than those that follow, also where there are as many.
    return { division: { part: seedIndex, partCount: evaluation.seedCount, seed: search.seed } };
  }
  if (phase === 'CONFIRMATION') {
    const partCount = partCountOf(dataset.classes);
    return { division: { part: partCount - 1, partCount } };
  }
  if (finals.division === 'FIXED') return {};
  const partCount = partCountIn(context);
  return { division: { part: seedIndex % partCount, partCount } };
}

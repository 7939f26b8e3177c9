import { statesWith } from '../../domain/job/job-state.js';
import { oneOf } from './entities/checks.js';

const IS_DROPPED = oneOf('j.state', statesWith('DROPPED'));
const IS_HELD = oneOf('j.state', statesWith('HELD'));

/**
 * Whether anyone still wants the work of a task `t`: its scope has not ended, and is not being cancelled; nor is its trial,
 * which one training that cannot be done decides, and an early end of the search drops.
 *
 * @param scope SQL: the task's scope; where it is a parameter, the first two are looked up once, not for each row. The trial is
 *   looked up by its key, never joined: a table of old trials would be read whole.
 */
export const isWanted = (scope: string): string => `(EXISTS (SELECT FROM leaderships l WHERE l.scope = ${scope})
  AND NOT EXISTS (SELECT FROM fine_tune_jobs j WHERE j.id = ${scope} AND ${IS_DROPPED})
  AND (SELECT r.state IN ('CANCELLED', 'INFEASIBLE') FROM trials r WHERE r.id = t.trial_id) IS NOT TRUE)`;

/** Whether a task has to wait until its job is resumed. @param scope SQL, as above. */
export const isPaused = (scope: string): string =>
  `EXISTS (SELECT FROM fine_tune_jobs j WHERE j.id = ${scope} AND ${IS_HELD})`;

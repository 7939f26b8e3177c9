/**
 * One training that is reported: a model that was scored on the test images.
 *
 * @typedef {object} Row
 * @property {string} method BIOTUNE is the search of the unit's arm.
 * @property {number} seed
 * @property {number[]} lrMultipliers One per block, 0 where frozen.
 * @property {object} [genome]
 * @property {object} [settings] What the candidate sets over its method's own settings.
 * @property {number} epochCount
 * @property {number} bestEpoch
 * @property {number} multiplyAccumulates Of this training alone, as the next.
 * @property {number} trainSeconds
 * @property {number} [validationAccuracy] Absent, as the next, where nothing was validated.
 * @property {number} [validationMacroAccuracy]
 * @property {number} testAccuracy
 * @property {number} testMacroAccuracy
 * @property {number} testMacroF1
 */

/**
 * What came of one job.
 *
 * @typedef {object} Unit
 * @property {string} arm
 * @property {number} searchSeed
 * @property {number} run Index of the file's run that measured it.
 * @property {object} settings Of the job's request.
 * @property {number} wallSeconds From the job's first work to its end.
 * @property {number} unitSeconds All that the unit took, its images' import among it.
 * @property {number} searchMultiplyAccumulates Of the candidates of the search, without the choice among the best and the finals.
 * @property {number} [estimatedMultiplyAccumulates] What the service had said that the job would take; absent, as the next, for
 *   a peer, whose candidates have jobs of their own.
 * @property {number} [multiplyAccumulates] What all trainings of the job took.
 * @property {Record<string, { trainingCount: number, epochCount: number, multiplyAccumulates: number, trainSeconds?: number }>} costs
 *   By method: all its trainings.
 * @property {string} delivered The method that the service delivered.
 * @property {Row[]} rows
 */

/**
 * The rows of a job that has succeeded.
 *
 * @param result The job's.
 * @param {readonly object[]} trials Those of the phase FINALS at the least.
 * @returns {Row[]}
 */
export function rowsOf({ scores }, trials) {
  return scores.flatMap(({ method, trial: name, seedScores }) => {
    const { lrMultipliers, genome, settings, seedResults } = trials.find((trial) => trial.name === name);
    return seedScores.map((score) => {
      const training = seedResults.find(({ seed }) => seed === score.seed);
      const { epochCount, bestEpoch, multiplyAccumulates, trainSeconds } = training;
      const candidate = { lrMultipliers, ...(genome && { genome }), ...(settings && { settings }) };
      return { method, ...score, ...candidate, epochCount, bestEpoch, multiplyAccumulates, trainSeconds };
    });
  });
}

/** @param result The job's. @returns {Unit['costs']} */
export const costsOf = ({ scores }) => Object.fromEntries(scores.map(({ method, cost }) => [method, cost]));

/** Multiply-accumulates of the candidates of a job's search. @param {readonly object[]} trials */
export const searchCostOf = (trials) =>
  trials
    .filter(({ phase, method }) => phase === 'SEARCH' && method === 'BIOTUNE')
    .reduce((sum, { cost }) => sum + cost.multiplyAccumulates, 0);

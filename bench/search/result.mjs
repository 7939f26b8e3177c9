/**
 * One training that is reported. Its cost is its own; what a search took is with the method.
 *
 * @typedef {object} Row
 * @property {string} method
 * @property {number} seed
 * @property {number} accuracy Of the test images, as the two that follow.
 * @property {number} macroAccuracy
 * @property {number} macroF1
 * @property {number} validationAccuracy
 * @property {number} multiplyAccumulates
 * @property {number} seconds
 * @property {number} trainedParameters
 */

/**
 * A method: means over its rows, and the cost of all its trainings, those of its search among them.
 *
 * @typedef {object} MethodResult
 * @property {string} method
 * @property {number} accuracy
 * @property {{ low: number, high: number }} interval Of the accuracy, 95 %.
 * @property {number} macroAccuracy
 * @property {{ low: number, high: number }} macroAccuracyInterval
 * @property {number} macroF1
 * @property {number} validationAccuracy
 * @property {number} trainedParameters
 * @property {number} trainings
 * @property {number} multiplyAccumulates
 * @property {number} [seconds] Summed over workers.
 */

/**
 * What came of a task, as it is kept; best method first.
 *
 * @param {object} measured
 * @param {import('./tasks.mjs').Task} measured.task
 * @param measured.request The job's.
 * @param {{ cpu: string, cores: number, node: string }} measured.machine
 * @param measured.version The dataset's.
 * @param measured.result The job's.
 * @param {readonly object[]} measured.trials The reported one of each method.
 */
export function resultOf({ task, request, machine, version, result, trials }) {
  const { dataset: _dataset, displayName: _displayName, output: _output, ...settings } = request;
  const { comparison, resolution, verdict, warnings } = result;
  const scores = result.scores.toSorted((a, b) => b.testAccuracy - a.testAccuracy);
  return {
    task: task.name,
    title: task.title,
    settings,
    machine,
    imageCounts: imageCountsOf(version),
    classCount: version.classes.length,
    rows: scores.flatMap((score) => rowsOf(score, trials)),
    methods: scores.map(methodOf),
    delivered: result.method,
    comparison,
    resolution,
    verdict,
    warnings,
  };
}

/** @returns {{ train: number, validation: number, test: number }} */
export function imageCountsOf({ classes }) {
  const count = (split) => classes.reduce((sum, { imageCount }) => sum + imageCount[split], 0);
  return { train: count('train'), validation: count('validation'), test: count('test') };
}

/** @returns {Row[]} */
function rowsOf({ method, trial, seedScores }, trials) {
  const { seedResults } = trials.find(({ name }) => name === trial);
  return seedScores.map((score) => {
    const training = seedResults.find(({ seed }) => seed === score.seed);
    return {
      method,
      seed: score.seed,
      accuracy: score.testAccuracy,
      macroAccuracy: score.testMacroAccuracy,
      macroF1: score.testMacroF1,
      validationAccuracy: score.validationAccuracy,
      multiplyAccumulates: training.multiplyAccumulates,
      seconds: training.trainSeconds,
      trainedParameters: training.trainedParameterCount,
    };
  });
}

/** @returns {MethodResult} */
function methodOf(score) {
  const { trainingCount, multiplyAccumulates, trainSeconds } = score.cost;
  return {
    method: score.method,
    accuracy: score.testAccuracy,
    interval: score.testAccuracyInterval,
    macroAccuracy: score.testMacroAccuracy,
    macroAccuracyInterval: score.testMacroAccuracyInterval,
    macroF1: score.testMacroF1,
    validationAccuracy: score.validationAccuracy,
    trainedParameters: score.trainedParameterCount,
    trainings: trainingCount,
    multiplyAccumulates,
    seconds: trainSeconds,
  };
}

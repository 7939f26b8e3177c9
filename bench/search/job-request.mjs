/**
 * The job that measures a task: a search, if it is among the methods, and all others beside it.
 *
 * @param {import('./tasks.mjs').Task} task
 * @param {string} dataset Name of a dataset version.
 * @param {import('./arguments.mjs').Settings} settings
 * @returns body of `POST /fineTuneJobs`.
 */
export function jobRequest(task, dataset, settings) {
  return {
    dataset,
    baseModel: 'baseModels/efficientnet-lite0.imagenet',
    displayName: `${task.title}, all methods`,
    data: { imageSizePx: settings.imageSize ?? task.imageSizePx },
    training: { epochCount: settings.epochs, batchSize: 32 },
    search: {
      type: settings.methods.includes('BIOTUNE') ? 'BIOTUNE' : 'NONE',
      seed: 1,
      biotune: {
        mode: settings.mode,
        populationSize: settings.population,
        eliteCount: settings.elites,
        generationCount: settings.generations,
      },
    },
    evaluation: { seedCount: settings.searchSeeds },
    baselines: settings.methods.filter((method) => method !== 'BIOTUNE'),
    finals: { finalistCount: 3, seedCount: settings.seeds },
    output: { model: task.name },
  };
}

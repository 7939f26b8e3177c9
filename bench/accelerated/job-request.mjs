/** The fewest candidates of a generation, so that an elite and another one fit. */
const POPULATION_MIN = 2;

/**
 * The job of a unit.
 *
 * @param {{ dataset: string, task: import('./tasks.mjs').Task, searchSeed: number }} unit `dataset` names a dataset version.
 * @param {import('./arms.mjs').Arm} arm
 * @param {import('./arguments.mjs').Sizes} sizes
 * @returns body of `POST /fineTuneJobs`.
 */
export function jobRequest({ dataset, task, searchSeed }, { title, request }, sizes) {
  const plain = {
    dataset,
    baseModel: 'baseModels/efficientnet-lite0.imagenet',
    displayName: `${task.title}, ${title}`,
    data: { imageSizePx: task.imageSizePx },
    training: { epochCount: sizes.epochs, batchSize: task.batchSize },
    search: { type: 'BIOTUNE', seed: searchSeed, biotune: { mode: 'ACCELERATED' } },
    baselines: [],
    finals: sizes.finalSeeds === undefined ? {} : { seedCount: sizes.finalSeeds },
    output: { model: 'bench' },
  };
  return laidOver(laidOver(plain, request), { search: { biotune: sizesOf(sizes, request) } });
}

/** Sizes that were asked for take the place of the arm's own. */
function sizesOf({ population, generations }, request) {
  const { eliteCount = 5 } = request.search?.biotune ?? {};
  return {
    ...(population !== undefined && {
      populationSize: population,
      eliteCount: Math.max(1, Math.min(eliteCount, population - 1)),
    }),
    ...(generations !== undefined && { generationCount: generations }),
  };
}

/**
 * The job that tries given candidates alone, in their order, and then chooses among them as every search does.
 *
 * @param {object} request Of the accelerated search.
 * @param {readonly (readonly number[])[]} candidates Multipliers, as `genomeOf` can write them.
 */
export function requestOfCandidates(request, candidates) {
  const populationSize = Math.max(POPULATION_MIN, candidates.length);
  return laidOver(request, {
    search: {
      initialGenomes: candidates.map(genomeOf),
      biotune: { populationSize, eliteCount: 1, generationCount: 0 },
    },
    budget: { trialCountMax: candidates.length },
  });
}

/** Below the gene of every multiplier that the search takes, the least of which is 0.3. */
const THRESHOLD = 0.05;

/**
 * The genome that is read as given multipliers: a gene of 0.5 + log10(multiplier) / 2 where a block trains.
 *
 * @param {readonly number[]} multipliers One per block, 0 where frozen, else 0.3 to 10.
 */
export const genomeOf = (multipliers) => ({
  genes: multipliers.map((multiplier) => (multiplier > 0 ? 0.5 + Math.log10(multiplier) / 2 : 0)),
  threshold: THRESHOLD,
});

/** An object with the fields of another over its own, and so on within them; lists are taken whole. */
function laidOver(below, above) {
  const isPlain = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const merged = Object.entries(above).map(([name, value]) => [
    name,
    isPlain(value) && isPlain(below[name]) ? laidOver(below[name], value) : value,
  ]);
  return { ...below, ...Object.fromEntries(merged) };
}

/** The sizes of `npm run bench:search`, which are smaller than the mode's own: 38 candidates of two seeds, not 140 of three. */
const PAPER_SIZES = {
  search: { biotune: { mode: 'PAPER_FAST', populationSize: 6, eliteCount: 2, generationCount: 4 } },
  evaluation: { seedCount: 2 },
};

const having = (isTaken, parts) => ({
  search: { accelerated: Object.fromEntries(parts.map((part) => [part, isTaken])) },
});
const without = (...parts) => having(false, parts);
const withMore = (...parts) => having(true, parts);

/** @returns {Arm} */
const plainArm = (title, ...methods) => ({
  title,
  kind: 'PLAIN',
  request: { search: { type: 'NONE' }, baselines: methods },
});

/**
 * What is compared: a job each for a task and a search seed. `request` is laid over the job of the accelerated search.
 *
 * SEARCH: a search that others are held against. PLAIN: methods that search no candidates, each of which is compared. ABLATION:
 * the accelerated search with one part taken out, or one more. PEER: a search from outside, which drives the engine through the API.
 *
 * @typedef {object} Arm
 * @property {string} title As tables name its search.
 * @property {'SEARCH' | 'PLAIN' | 'ABLATION' | 'PEER'} kind
 * @property {object} request
 * @property {string} [method] What of the job is compared; its search when absent, and each of the baselines where it is PLAIN.
 */

/** @type {Record<string, Arm>} The first one is what the others are held against, and measured first. */
export const ARMS = {
  ACCELERATED: { title: 'ACCELERATED', kind: 'SEARCH', request: {} },
  PLAIN: plainArm('plain methods', 'LP_BODY', 'LP_FT', 'FULL_FINE_TUNE', 'LORA', 'AUTO_RGN', 'LINEAR_PROBE'),
  TUNED: plainArm('plain methods that try several settings', 'FULL_FINE_TUNE_TUNED', 'SUFFIX_GRID', 'L2_SP'),
  PAPER_FAST: { title: 'PAPER_FAST', kind: 'SEARCH', request: PAPER_SIZES },
  RANDOM_SEARCH: {
    title: 'Random search',
    kind: 'SEARCH',
    request: without('usesAnchors', 'usesMoves', 'usesSurrogate', 'usesRungs'),
  },
  RANDOM_HALVING: {
    title: 'Random search with rungs',
    kind: 'SEARCH',
    request: without('usesAnchors', 'usesMoves', 'usesSurrogate'),
  },
  TPE: { title: 'TPE (Optuna)', kind: 'PEER', request: {} },
  NO_ANCHORS: { title: 'without anchors', kind: 'ABLATION', request: without('usesAnchors') },
  NO_MOVES: { title: 'without moves', kind: 'ABLATION', request: without('usesMoves') },
  NO_SURROGATE: { title: 'without the surrogate', kind: 'ABLATION', request: without('usesSurrogate') },
  NO_RUNGS: { title: 'without rungs', kind: 'ABLATION', request: without('usesRungs') },
  FIXED_FINALS: {
    title: 'without redivided finals',
    kind: 'ABLATION',
    request: { finals: { division: 'FIXED', choice: 'BEST' } },
  },
  NO_PROBE: { title: 'without the probed head', kind: 'ABLATION', request: { training: { headInit: 'RANDOM' } } },
  OUT_OF_FOLD: {
    title: 'fitness out of fold',
    kind: 'ABLATION',
    request: { evaluation: { division: 'REDIVIDED', seedCount: 2 } },
  },
  NORM_STATE: { title: 'with norms alone as a state', kind: 'ABLATION', request: withMore('usesNormState') },
  GRADIENT_PICK: { title: 'with the pick of the gradients', kind: 'ABLATION', request: withMore('usesGradientPick') },
  RETRAINED: {
    title: 'retrained on train + validation',
    kind: 'ABLATION',
    method: 'RETRAINED',
    request: { finals: { retrains: true } },
  },
  NO_LOSS: { title: 'without the loss in the fitness', kind: 'ABLATION', request: { evaluation: { lossWeight: 0 } } },
};

/** The arm that the others are held against. */
export const MAIN_ARM = 'ACCELERATED';

/** The arm of full fine-tuning, in which costs are counted. */
export const FULL_ARM = 'PLAIN';

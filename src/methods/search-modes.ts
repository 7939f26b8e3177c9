import type { HeadInit } from './stage.js';

/** What a mode says of the evolution, where the authors' code departs from the paper's text (ADR 21). */
export interface EvolutionRules {
  /** Whether generation 1 runs on fold 0 again, so that each later one runs on the fold of the generation before it. */
  readonly repeatsFirstFold: boolean;
  /** Whether an elite stays where it is if its two probes are equally good, however good they are. */
  readonly refusesEqualProbes: boolean;
  /** Whether, in SEQUENTIAL, a mating pool begins with the accepted probes in their elites' old places. */
  readonly matesAcceptedProbes: boolean;
  /** Whether extinction probabilities stay as they were after a generation whose survivors are all equally good. */
  readonly keepsProbabilitiesOfEquals: boolean;
}

const AS_PUBLISHED: EvolutionRules = {
  repeatsFirstFold: false,
  refusesEqualProbes: false,
  matesAcceptedProbes: false,
  keepsProbabilitiesOfEquals: false,
};

const AS_IN_CODE: EvolutionRules = {
  repeatsFirstFold: true,
  refusesEqualProbes: true,
  matesAcceptedProbes: true,
  keepsProbabilitiesOfEquals: true,
};

/** What a job has where its request is silent. */
export interface ModeDefaults {
  readonly search: { readonly generationCount: number; readonly populationSize: number; readonly eliteCount: number };
  readonly evaluation: {
    readonly fitness: 'MACRO_ACCURACY' | 'ACCURACY';
    readonly lossWeight: number;
    readonly seedCount: number;
  };
  readonly training: {
    readonly epochCount: number;
    /** The epochs of the training itself when absent, as is `cosineEpochCount`. */
    readonly patienceEpochs?: number;
    readonly cosineEpochCount?: number;
    readonly stepCountMin: number;
  };
  /** Images of a batch where the images allow it. */
  readonly batchSize: number;
  readonly searchFraction: 1 | 0.5;
  readonly finals: {
    readonly finalistCount: number;
    readonly seedCount: number;
    readonly division: 'FIXED' | 'REDIVIDED';
    readonly choice: 'BEST' | 'CHEAPEST_WITHIN_ONE_ERROR';
    /** Where a search gives several finalists. */
    readonly usesSoup: boolean;
  };
}

const OF_THE_PAPER: ModeDefaults = {
  search: { generationCount: 10, populationSize: 10, eliteCount: 3 },
  evaluation: { fitness: 'MACRO_ACCURACY', lossWeight: 0, seedCount: 3 },
  training: { epochCount: 30, patienceEpochs: 3, cosineEpochCount: 100, stepCountMin: 0 },
  batchSize: 96,
  searchFraction: 0.5,
  finals: { finalistCount: 3, seedCount: 3, division: 'FIXED', choice: 'BEST', usesSoup: false },
};

/** Few trials on all the data, each a whole cosine of enough steps: what a CPU finishes. */
const OF_ACCELERATED: ModeDefaults = {
  search: { generationCount: 1, populationSize: 8, eliteCount: 5 },
  evaluation: { fitness: 'ACCURACY', lossWeight: 0.1, seedCount: 1 },
  training: { epochCount: 10, stepCountMin: 100 },
  batchSize: 32,
  searchFraction: 1,
  finals: {
    finalistCount: 3,
    seedCount: 2,
    division: 'REDIVIDED',
    choice: 'CHEAPEST_WITHIN_ONE_ERROR',
    usesSoup: true,
  },
};

/** What a mode says of how a search reads genomes, trains them and goes on from them. */
export interface SearchModeRules {
  /** BIOTUNE: the operators of the paper, on its genomes. ACCELERATED: a search of its own, on masks and rates. */
  readonly algorithm: 'BIOTUNE' | 'ACCELERATED';
  readonly defaults: ModeDefaults;
  /** What BatchNorm of a frozen block uses: the batch's statistics (TRAIN), or the stored ones (EVAL). */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  /** The head that trainings begin with, where the request does not say; RANDOM modes allow no other. */
  readonly headInit: HeadInit;
  /** Whether genes say how fast a block trains, and not only if it does. */
  readonly usesRateGenes: boolean;
  /** Whether candidates with equal multipliers and images are trained once. */
  readonly reusesEqualTrials: boolean;
  /** Whether a search ends at its target only once a candidate has reached it on other images too (ADR 29). */
  readonly confirmsTarget: boolean;
  readonly evolution: EvolutionRules;
}

export const SEARCH_MODE_NAMES = ['PAPER', 'CODE_COMPAT', 'PAPER_FAST', 'ACCELERATED'] as const;
export type SearchMode = (typeof SEARCH_MODE_NAMES)[number];

const PAPER: SearchModeRules = {
  algorithm: 'BIOTUNE',
  defaults: OF_THE_PAPER,
  frozenBatchNorm: 'TRAIN',
  headInit: 'RANDOM',
  usesRateGenes: true,
  reusesEqualTrials: false,
  confirmsTarget: false,
  evolution: AS_PUBLISHED,
};

/** How a search reads and evaluates genomes (ADR 13), and goes on from them (ADR 21). */
export const SEARCH_MODES: Readonly<Record<SearchMode, SearchModeRules>> = {
  /** The method as published. */
  PAPER,
  /** What the authors' code does. */
  CODE_COMPAT: { ...PAPER, usesRateGenes: false, evolution: AS_IN_CODE },
  /** As PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once. */
  PAPER_FAST: { ...PAPER, frozenBatchNorm: 'EVAL', reusesEqualTrials: true },
  /** Masks and rates from a probed head, on all the data. */
  ACCELERATED: {
    ...PAPER,
    algorithm: 'ACCELERATED',
    defaults: OF_ACCELERATED,
    frozenBatchNorm: 'EVAL',
    headInit: 'PROBE',
    reusesEqualTrials: true,
    confirmsTarget: true,
  },
};

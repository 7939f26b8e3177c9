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

/** What a mode says of how a search reads genomes, trains them and goes on from them. */
export interface SearchModeRules {
  /** What BatchNorm of a frozen block uses: the batch's statistics (TRAIN), or the stored ones (EVAL). */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  /** The head that trainings begin with, where the request does not say; RANDOM modes allow no other. */
  readonly headInit: HeadInit;
  /** Whether genes say how fast a block trains, and not only if it does. */
  readonly usesRateGenes: boolean;
  /** Whether candidates with equal multipliers and images are trained once. */
  readonly reusesEqualTrials: boolean;
  readonly evolution: EvolutionRules;
}

export const SEARCH_MODE_NAMES = ['PAPER', 'CODE_COMPAT', 'PAPER_FAST'] as const;
export type SearchMode = (typeof SEARCH_MODE_NAMES)[number];

/** How a search reads and evaluates genomes (ADR 13), and goes on from them (ADR 21). */
export const SEARCH_MODES: Readonly<Record<SearchMode, SearchModeRules>> = {
  /** The method as published. */
  PAPER: {
    frozenBatchNorm: 'TRAIN',
    headInit: 'RANDOM',
    usesRateGenes: true,
    reusesEqualTrials: false,
    evolution: AS_PUBLISHED,
  },
  /** What the authors' code does. */
  CODE_COMPAT: {
    frozenBatchNorm: 'TRAIN',
    headInit: 'RANDOM',
    usesRateGenes: false,
    reusesEqualTrials: false,
    evolution: AS_IN_CODE,
  },
  /** As PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once. */
  PAPER_FAST: {
    frozenBatchNorm: 'EVAL',
    headInit: 'RANDOM',
    usesRateGenes: true,
    reusesEqualTrials: true,
    evolution: AS_PUBLISHED,
  },
};

import type { HeadInit } from './stage.js';

/** What a mode says of how a search reads genomes and trains them. */
export interface SearchModeRules {
  /** What BatchNorm of a frozen block uses: the batch's statistics (TRAIN), or the stored ones (EVAL). */
  readonly frozenBatchNorm: 'EVAL' | 'TRAIN';
  /** The head that trainings begin with, where the request does not say; RANDOM modes allow no other. */
  readonly headInit: HeadInit;
  /** Whether genes say how fast a block trains, and not only if it does. */
  readonly usesRateGenes: boolean;
  /** Whether candidates with equal multipliers and images are trained once. */
  readonly reusesEqualTrials: boolean;
}

export const SEARCH_MODE_NAMES = ['PAPER', 'CODE_COMPAT', 'PAPER_FAST'] as const;
export type SearchMode = (typeof SEARCH_MODE_NAMES)[number];

/** How a search reads and evaluates genomes (ADR 13). */
export const SEARCH_MODES: Readonly<Record<SearchMode, SearchModeRules>> = {
  /** The method as published. */
  PAPER: { frozenBatchNorm: 'TRAIN', headInit: 'RANDOM', usesRateGenes: true, reusesEqualTrials: false },
  /** What the authors' code does. */
  CODE_COMPAT: { frozenBatchNorm: 'TRAIN', headInit: 'RANDOM', usesRateGenes: false, reusesEqualTrials: false },
  /** As PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once. */
  PAPER_FAST: { frozenBatchNorm: 'EVAL', headInit: 'RANDOM', usesRateGenes: true, reusesEqualTrials: true },
};

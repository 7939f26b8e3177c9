import { z } from 'zod';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { SEARCH_MODE_NAMES } from '../../methods/search-modes.js';
import { blockConstraintSchema } from './block-constraint.js';
import { genomeSchema } from './genome.js';
import { FINE_TUNE_JOB_NAME } from '../resource-names.js';
import { seedSchema } from '../text.js';

/** The settings of the evolution; defaults are the paper's. */
export const biotuneSchema = z
  .strictObject({
    /**
     * PAPER: the method as published. CODE_COMPAT: what the authors' code does, which ignores the learning rates of the
     * genes. PAPER_FAST: as PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once, and equal
     * candidates trained once.
     */
    mode: z.enum(SEARCH_MODE_NAMES).default('PAPER_FAST'),
    /** Generations after the initial population. */
    generationCount: z.int().min(0).max(200).default(10),
    populationSize: z.int().min(2).max(200).default(10),
    eliteCount: z.int().min(1).max(100).default(3),
    /** SEQUENTIAL is the reference's order; BATCH_SYNC draws a whole generation at once, so that it trains in parallel. */
    reproduction: z.enum(['SEQUENTIAL', 'BATCH_SYNC']).default('BATCH_SYNC'),
  })
  .meta({ id: 'BiotuneConfig' });
export type BiotuneConfig = Readonly<z.infer<typeof biotuneSchema>>;

/** What is searched for, and from where. */
export const searchSchema = z
  .strictObject({
    /** NONE: the baselines alone. */
    type: z.enum([SEARCH_METHOD, 'NONE']).default(SEARCH_METHOD),
    /** Every random draw of the search follows from it; made up and echoed when absent. */
    seed: seedSchema.optional(),
    /** Its sizes also hold for RANDOM_SEARCH. */
    biotune: biotuneSchema.prefault({}),
    /** Of BIOTUNE and RANDOM_SEARCH. */
    blockConstraints: z.array(blockConstraintSchema).max(64).readonly().default([]),
    /** Take the first places of generation 0. */
    initialGenomes: z.array(genomeSchema).max(200).readonly().default([]),
    /** Jobs of the project with the same base model, whose best genomes take the next places of generation 0. */
    warmStartFrom: z
      .array(z.string().regex(FINE_TUNE_JOB_NAME, { error: 'must be projects/{project}/fineTuneJobs/{id}' }))
      .max(5)
      .readonly()
      .default([]),
  })
  .meta({ id: 'SearchConfig' });
/** The search as a request names it. */
export type SearchRequest = z.infer<typeof searchSchema>;

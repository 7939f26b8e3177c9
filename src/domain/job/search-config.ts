import { z } from 'zod';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { SEARCH_MODE_NAMES } from '../../methods/search-modes.js';
import { blockConstraintSchema } from './block-constraint.js';
import { genomeSchema } from './genome.js';
import { FINE_TUNE_JOB_NAME } from '../resource-names.js';
import { seedSchema } from '../text.js';

export const biotuneSchema = z
  .strictObject({
    mode: z
      .enum(SEARCH_MODE_NAMES)
      .default('PAPER_FAST')
      .describe(
        "How the search reads and trains genomes. PAPER: as published. CODE_COMPAT: as the authors' code, " +
          'which ignores the learning rates of the genes, and treats ties, the first folds and the mating pool ' +
          'in its own way. PAPER_FAST: as PAPER, with frozen BatchNorm left alone, so that frozen blocks can be ' +
          'computed once, and equal candidates trained once.',
      ),
    generationCount: z
      .int()
      .min(0)
      .max(200)
      .default(10)
      .describe('The number of generations after the initial population, 0 to 200.'),
    populationSize: z
      .int()
      .min(2)
      .max(200)
      .default(10)
      .describe('The number of individuals of a population, 2 to 200.'),
    eliteCount: z
      .int()
      .min(1)
      .max(100)
      .default(3)
      .describe(
        'The number of best individuals that each generation keeps, with two probes beside each, 1 to 100 ' +
          'and less than `populationSize`.',
      ),
    reproduction: z
      .enum(['SEQUENTIAL', 'BATCH_SYNC'])
      .default('BATCH_SYNC')
      .describe(
        'When children are drawn. SEQUENTIAL: one by one, as the reference. BATCH_SYNC: a whole generation ' +
          'at once, so that it trains in parallel.',
      ),
  })
  .meta({ id: 'BiotuneConfig', description: "The settings of the evolution; defaults are the paper's." });
export type BiotuneConfig = Readonly<z.infer<typeof biotuneSchema>>;

export const searchSchema = z
  .strictObject({
    type: z
      .enum([SEARCH_METHOD, 'NONE'])
      .default(SEARCH_METHOD)
      .describe('The search algorithm. BIOTUNE: the evolution of the paper. NONE: no search, the baselines alone.'),
    seed: seedSchema
      .optional()
      .describe(
        'The seed that every random draw of the search follows from; made up and told in the answer when absent.',
      ),
    biotune: biotuneSchema
      .prefault({})
      .describe('The settings of the evolution; its sizes also hold for RANDOM_SEARCH.'),
    blockConstraints: z
      .array(blockConstraintSchema)
      .max(64)
      .readonly()
      .default([])
      .describe('What BIOTUNE and RANDOM_SEARCH keep to for single blocks, at most 64.'),
    initialGenomes: z
      .array(genomeSchema)
      .max(200)
      .readonly()
      .default([])
      .describe('The genomes that take the first places of generation 0, at most 200.'),
    warmStartFrom: z
      .array(z.string().regex(FINE_TUNE_JOB_NAME, { error: 'must be projects/{project}/fineTuneJobs/{id}' }))
      .max(5)
      .readonly()
      .default([])
      .describe(
        'The resource names of jobs of the project with the same base model, whose best genomes take the ' +
          'next places of generation 0, at most 5.',
      ),
  })
  .meta({ id: 'SearchConfig', description: 'What is searched for, and from where.' });
/** The search as a request names it. */
export type SearchRequest = z.infer<typeof searchSchema>;

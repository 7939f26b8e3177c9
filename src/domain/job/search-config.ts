import { z } from 'zod';
import { SEARCH_METHOD } from '../../methods/method-table.js';
import { SEARCH_MODE_NAMES } from '../../methods/search-modes.js';
import { blockConstraintSchema } from './block-constraint.js';
import { genomeSchema } from './genome.js';
import { searchObjectivesSchema } from './search-objectives.js';
import { jobSearchSpaceSchema, searchSpaceSchema } from './search-space.js';
import { FINE_TUNE_JOB_NAME } from '../resource-names.js';
import { seedSchema } from '../text.js';

export const biotuneSchema = z
  .strictObject({
    mode: z
      .enum(SEARCH_MODE_NAMES)
      .default('ACCELERATED')
      .describe(
        'How the search reads and trains candidates. ACCELERATED: a search on masks and rates that are apart from each ' +
          'other, from a probed head and on all the data; where the request is silent, sizes, evaluation, schedule, finals ' +
          "and `data.searchFraction` are its own. PAPER: as published. CODE_COMPAT: as the authors' code, which ignores " +
          'the learning rates of the genes, and treats ties, the first folds and the mating pool in its own way. ' +
          'PAPER_FAST: as PAPER, with frozen BatchNorm left alone, so that frozen blocks can be computed once, and equal ' +
          'candidates trained once.',
      ),
    generationCount: z
      .int()
      .min(0)
      .max(200)
      .optional()
      .describe(
        'The number of generations after the initial population, 0 to 200; when absent 1 in ACCELERATED, 10 elsewhere.',
      ),
    populationSize: z
      .int()
      .min(2)
      .max(200)
      .optional()
      .describe('The number of individuals of a population, 2 to 200; when absent 8 in ACCELERATED, 10 elsewhere.'),
    eliteCount: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'The number of best individuals that each generation keeps, 1 to 100 and less than `populationSize`; when ' +
          'absent 5 in ACCELERATED, 3 elsewhere. In ACCELERATED moves begin from them; in the other modes each has two probes beside it.',
      ),
    reproduction: z
      .enum(['SEQUENTIAL', 'BATCH_SYNC'])
      .default('BATCH_SYNC')
      .describe(
        'When children are drawn. SEQUENTIAL: one by one, as the reference. BATCH_SYNC: a whole generation ' +
          'at once, so that it trains in parallel; ACCELERATED always does that.',
      ),
  })
  .meta({ id: 'BiotuneConfig', description: "The settings of the evolution; the paper's when absent." });

export const jobBiotuneSchema = biotuneSchema.required().meta({
  id: 'JobBiotune',
  description: 'The settings of the evolution, with what the request has left to the mode.',
});
export type BiotuneConfig = Readonly<z.infer<typeof jobBiotuneSchema>>;

export const acceleratedSchema = z
  .strictObject({
    usesAnchors: z
      .boolean()
      .default(true)
      .describe(
        'Whether the first generation begins with the candidates that do well on most data; else all are drawn at random.',
      ),
    usesMoves: z
      .boolean()
      .default(true)
      .describe('Whether later generations are moves of the best so far; else they are drawn at random.'),
    usesSurrogate: z
      .boolean()
      .default(true)
      .describe('Whether a model of what was tried chooses among the moves; else the first that is new is tried.'),
    usesRungs: z
      .boolean()
      .default(true)
      .describe(
        'Whether trainings pause after 3, 9, 27 and so on epochs, up to half of `training.epochCount`, and only the ' +
          'candidates whose validation loss promises something go on; else every candidate trains to its end.',
      ),
    usesNormState: z
      .boolean()
      .default(false)
      .describe(
        'Whether a block that trains may do so with its norms and biases alone; else every block that trains does so ' +
          'whole, as the last one and those whose policy is TRAIN do in any case.',
      ),
    usesGradientPick: z
      .boolean()
      .default(false)
      .describe(
        'Whether the first generation, after its anchors, has a candidate whose head is kept and whose rates go by ' +
          'relative gradient norms, as those of AUTO_RGN; its moves keep that.',
      ),
  })
  .meta({
    id: 'AcceleratedConfig',
    description: 'The parts of ACCELERATED, each of which can be left out or, where it is off, taken in.',
  });
/** Parts of the accelerated search that can be left out or taken in, to measure what each is worth. */
export type AcceleratedParts = Readonly<z.infer<typeof acceleratedSchema>>;

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
    accelerated: acceleratedSchema.prefault({}).describe('The parts of ACCELERATED; of no effect in the other modes.'),
    space: searchSpaceSchema
      .prefault({})
      .describe('The settings that candidates of ACCELERATED differ in, beside their blocks; refused in other modes.'),
    objectives: searchObjectivesSchema,
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
          'next places of generation 0, at most 5; in ACCELERATED their best multipliers.',
      ),
    priors: z
      .enum(['OFF', 'PROJECT'])
      .default('OFF')
      .describe(
        'Whether ACCELERATED also begins with the best candidates of earlier jobs that nobody names. OFF: it does ' +
          'not. PROJECT: the winners of up to 3 ACCELERATED jobs of the project with the same base model, those ' +
          'whose data look most alike, take places of generation 0, a quarter at most; they are candidates like any.',
      ),
  })
  .meta({ id: 'SearchConfig', description: 'What is searched for, and from where.' });
/** The search as a request names it. */
export type SearchRequest = z.infer<typeof searchSchema>;

export const jobSearchSchema = searchSchema
  .extend({
    biotune: jobBiotuneSchema.describe('The settings of the evolution.'),
    space: jobSearchSpaceSchema.describe('The settings that candidates differ in, beside their blocks.'),
  })
  .required()
  .meta({
    id: 'JobSearch',
    description: 'What is searched for, and from where, with nothing left open.',
  });

import { z } from 'zod';

/** Methods that a user would otherwise pick; each is trained and scored like the search's winner. */
export const BASELINES = [
  /** All blocks at the job's base learning rate. */
  'FULL_FINE_TUNE',
  /** All blocks, at the rate of a short list that does best on validation. */
  'FULL_FINE_TUNE_TUNED',
  'LINEAR_PROBE',
  'LP_FT',
  'GRADUAL_UNFREEZING',
  'AUTO_RGN',
  'LORA',
  'L2_SP',
  'L1_SP',
  /** Rates that fall from the head to the input by one factor a block. */
  'LAYER_DECAY',
  /** As many random genomes as the search has trials. */
  'RANDOM_SEARCH',
  /** The last k blocks, for every k, at a few rates. */
  'SUFFIX_GRID',
] as const;
export type Baseline = (typeof BASELINES)[number];

export const METHODS = ['BIOTUNE', ...BASELINES] as const;
/** What decided which parameters train, and how fast. */
export type Method = (typeof METHODS)[number];

/** Methods that try candidates with the search's seeds and folds before one of them goes on. */
export const SEARCHING_METHODS = ['BIOTUNE', 'FULL_FINE_TUNE_TUNED', 'RANDOM_SEARCH', 'SUFFIX_GRID'] as const;
export type SearchingMethod = (typeof SEARCHING_METHODS)[number];

export const isSearching = (method: Method): method is SearchingMethod =>
  SEARCHING_METHODS.some((searching) => searching === method);

const rates = z
  .array(z.number().gt(0).max(1))
  .min(1)
  .max(20)
  .refine((list) => new Set(list).size === list.length, { error: 'each rate may be named once' })
  .readonly();
const strength = z.number().min(0).max(100);

/** What the methods leave open. */
export const methodSettingsSchema = z
  .strictObject({
    fullFineTuneTuned: z.strictObject({ rates: rates.default([1e-2, 3e-3, 1e-3, 3e-4, 1e-4]) }).prefault({}),
    /** Batches that gradients are compared over before each epoch. */
    autoRgn: z.strictObject({ batchCount: z.int().min(1).max(1000).default(5) }).prefault({}),
    /** Changes of weights have this rank, and are scaled by alpha / rank. */
    lora: z
      .strictObject({ rank: z.int().min(1).max(256).default(8), alpha: z.number().gt(0).max(1024).default(16) })
      .prefault({}),
    /** Pull on pretrained weights (alpha) and on the head (beta). */
    l2Sp: z.strictObject({ alpha: strength.default(0.1), beta: strength.default(0.01) }).prefault({}),
    l1Sp: z.strictObject({ alpha: strength.default(0.001), beta: strength.default(0.01) }).prefault({}),
    /** Factor on the rate from a block to the one before it. */
    layerDecay: z.strictObject({ decay: z.number().gt(0).max(1).default(0.75) }).prefault({}),
    suffixGrid: z.strictObject({ rates: rates.default([3e-3, 1e-3, 3e-4]) }).prefault({}),
  })
  .meta({ id: 'MethodSettings' });
export type MethodSettings = Readonly<z.infer<typeof methodSettingsSchema>>;

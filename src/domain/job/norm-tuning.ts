import { z } from 'zod';

export const normTuningSchema = z
  .strictObject({
    blocks: z
      .array(z.int().min(0))
      .min(1)
      .max(64)
      .refine((blocks) => blocks.every((block, index) => index === 0 || block > (blocks[index - 1] ?? block)), {
        error: 'each block must come after the one before it',
      })
      .readonly()
      .describe('The indices of the blocks, from 0 at the input side, ascending; each has a multiplier above 0.'),
  })
  .meta({
    id: 'NormTuning',
    description: 'The blocks whose norms and biases alone learn, as by NORM_TUNE, while their filters stay.',
  });
/** The blocks of a candidate whose norms and biases alone learn. */
export type NormTuning = Readonly<z.infer<typeof normTuningSchema>>;

/** The blocks whose norms and biases alone learn, as a stage of a training has them; nothing where all learns whole. */
export const normBlocksOf = (settings: { readonly normTuning?: NormTuning | undefined } | undefined) =>
  settings?.normTuning && { normBlocks: settings.normTuning.blocks };

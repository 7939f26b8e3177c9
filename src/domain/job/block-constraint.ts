import { z } from 'zod';

const multiplier = z.number().gt(0).max(1000);

export const blockConstraintSchema = z
  .strictObject({
    blockId: z.string().min(1).max(64).describe("The id of the block in the base model's partition, such as `layer3`."),
    policy: z
      .enum(['FREE', 'FREEZE', 'TRAIN'])
      .default('FREE')
      .describe(
        'Whether the block trains. FREE: the search decides whether it trains. FREEZE: it never trains. ' +
          'TRAIN: it always trains.',
      ),
    lrMultiplierMin: multiplier
      .optional()
      .describe(
        "The least learning-rate multiplier of the block where it trains, at most 1000; the gene's own " +
          'least is 0.1.',
      ),
    lrMultiplierMax: multiplier
      .optional()
      .describe(
        "The largest learning-rate multiplier of the block where it trains, at most 1000; the gene's own " +
          'largest is 10.',
      ),
  })
  .superRefine(({ lrMultiplierMin = 0.1, lrMultiplierMax = 10 }, context) => {
    if (lrMultiplierMin <= lrMultiplierMax) return;
    context.addIssue({
      code: 'custom',
      path: ['lrMultiplierMin'],
      message: `lrMultiplierMin is ${lrMultiplierMin}; it must be at most lrMultiplierMax, which is ${lrMultiplierMax}`,
      params: { lrMultiplierMin, lrMultiplierMax },
    });
  })
  .meta({ id: 'BlockConstraint', description: 'What a caller demands of one block, whatever its gene says.' });
export type BlockConstraint = Readonly<z.infer<typeof blockConstraintSchema>>;

import { z } from 'zod';

const multiplier = z.number().gt(0).max(1000);

/** What a caller demands of one block, whatever its gene says. */
export const blockConstraintSchema = z
  .strictObject({
    /** As in the base model's partition, such as `layer3`. */
    blockId: z.string().min(1).max(64),
    /** FREE: the search decides whether it trains; FREEZE: it never does; TRAIN: it always does. */
    policy: z.enum(['FREE', 'FREEZE', 'TRAIN']).default('FREE'),
    /** Bounds of its learning-rate multiplier, where it trains; the gene's own are 0.1 and 10. */
    lrMultiplierMin: multiplier.optional(),
    lrMultiplierMax: multiplier.optional(),
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
  .meta({ id: 'BlockConstraint' });
export type BlockConstraint = Readonly<z.infer<typeof blockConstraintSchema>>;

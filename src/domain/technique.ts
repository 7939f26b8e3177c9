import { z } from 'zod';

const strength = z.number().min(0).max(100);

/** How one training moves the weights; all techniques share the job's protocol (optimizer, schedule, early stopping). */
export const techniqueSchema = z.discriminatedUnion('type', [
  /** A learning rate per block, 0 where frozen. */
  z.strictObject({ type: z.literal('BLOCKS') }),
  /** The classifier alone, on features that are computed once. */
  z.strictObject({ type: z.literal('LINEAR_PROBE') }),
  /** A linear probe, then all blocks from its best head (arXiv 2202.10054). */
  z.strictObject({ type: z.literal('LP_FT') }),
  /** The last block for one epoch, then one block more each epoch, then all until nothing improves (arXiv 1801.06146). */
  z.strictObject({ type: z.literal('GRADUAL_UNFREEZING') }),
  /** Each tensor's rate by its relative gradient norm, which is taken over some batches before each epoch (arXiv 2210.11466). */
  z.strictObject({ type: z.literal('AUTO_RGN'), batchCount: z.int().min(1).max(1000) }),
  /** A low-rank change of every convolution and linear weight, scaled by alpha / rank, beside a head that learns (arXiv 2106.09685). */
  z.strictObject({ type: z.literal('LORA'), rank: z.int().min(1).max(256), alpha: z.number().gt(0).max(1024) }),
  /** Pretrained weights are drawn back to where they began, by alpha / 2 times the squared distance; the head to 0, by beta (arXiv 1802.01483). */
  z.strictObject({ type: z.literal('L2_SP'), alpha: strength, beta: strength }),
  /** As L2_SP, by alpha times the distance of each weight. */
  z.strictObject({ type: z.literal('L1_SP'), alpha: strength, beta: strength }),
]);
export type Technique = Readonly<z.infer<typeof techniqueSchema>>;

import { z } from 'zod';
import { trainersConfigSchema } from './config.js';

const threadCount = z.coerce.number().int().min(0).default(0);

/** What TensorFlow takes from the environment when it is loaded; whoever starts the process sets it. */
export const tensorflowEnvironmentSchema = z.object({
  TENSORFLOW_DEVICE: trainersConfigSchema.shape.TENSORFLOW_DEVICE,
  /** Any text: oneDNN ignores what is none of its names. */
  ONEDNN_MAX_CPU_ISA: z.string().optional(),
  /** The CPU decides when it is absent. */
  TF_ENABLE_ONEDNN_OPTS: z.enum(['0', '1']).optional(),
  /** Threads of TensorFlow; 0 gives one a core. */
  TF_NUM_INTRAOP_THREADS: threadCount,
  TF_NUM_INTEROP_THREADS: threadCount,
});

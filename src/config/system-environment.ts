import { z } from 'zod';

const text = z.string().optional();

/**
 * The settings that a process gets from the machine, not from the product: all that a child process inherits.
 *
 * Credentials are not among it, so a process that reads user bytes cannot lose them.
 */
export const systemEnvironmentSchema = z.object({
  PATH: text,
  HOME: text,
  TMPDIR: text,
  TZ: text,
  /** Where a GPU's libraries are, which GPUs there are, and where compiled kernels stay. */
  LD_LIBRARY_PATH: text,
  CUDA_VISIBLE_DEVICES: text,
  CUDA_CACHE_PATH: text,
  /** Makes TensorFlow take a GPU's memory as it needs it; without it one process takes all. */
  TF_FORCE_GPU_ALLOW_GROWTH: text,
});
export type SystemEnvironment = Readonly<z.infer<typeof systemEnvironmentSchema>>;

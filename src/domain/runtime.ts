import { z } from 'zod';

/** What TensorFlow may run its ops on. */
export const DEVICES = ['CPU', 'GPU'] as const;
export type Device = (typeof DEVICES)[number];

/** Compiled TensorFlow functions, or one op after the other; the bits are the same. */
export const EXECUTIONS = ['TRACED', 'EAGER'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/** How TensorFlow is set up, as far as it changes the bits of a result; recorded with every training. */
export const runtimeSchema = z
  .strictObject({
    tensorflowVersion: z.string(),
    device: z.enum(DEVICES),
    /** Whether oneDNN's kernels run; training is up to 2.8 times slower without them. */
    oneDnn: z.boolean(),
    /** Threads of one op. */
    intraOpThreadCount: z.int().positive(),
    /** Ops at a time. */
    interOpThreadCount: z.int().positive(),
  })
  .meta({ id: 'Runtime' });
export type Runtime = Readonly<z.infer<typeof runtimeSchema>>;

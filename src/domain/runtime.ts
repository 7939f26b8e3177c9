import { z } from 'zod';
import { DomainError } from './errors.js';

/** What TensorFlow may run its ops on. */
export const DEVICES = ['CPU', 'GPU'] as const;
export type Device = (typeof DEVICES)[number];

/** Compiled TensorFlow functions, or one op after the other; the bits are the same. */
export const EXECUTIONS = ['TRACED', 'EAGER'] as const;
export type Execution = (typeof EXECUTIONS)[number];

/** How TensorFlow is set up, as far as it changes the bits of a result: equal for all trainings of a job. */
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

const NAMES = Object.keys(runtimeSchema.shape) as readonly (keyof Runtime)[];

/**
 * Says where a runtime differs from the job's.
 *
 * @returns a RUNTIME_MISMATCH that names each differing setting with both values; undefined when they are equal.
 */
export function runtimeMismatch(own: Runtime, ofJob: Runtime): DomainError | undefined {
  const differing = NAMES.filter((name) => own[name] !== ofJob[name]);
  if (differing.length === 0) return undefined;
  const texts = differing.map((name) => `${name} is ${own[name]} here and ${ofJob[name]} in the job`);
  const metadata = differing.flatMap((name): [string, string][] => [
    [name, String(own[name])],
    [`${name}OfJob`, String(ofJob[name])],
  ]);
  return new DomainError(
    'RUNTIME_MISMATCH',
    `TensorFlow is set up otherwise than for the job's first training, so results would not compare: ${texts.join('; ')}.`,
    Object.fromEntries(metadata),
  );
}
